"""Why a call was not made, or came to nothing: words that name no host, and a cause to count."""

from __future__ import annotations

from typing import Final

UNREADABLE_ADDRESS: Final = "unreadable_address"
SCHEME: Final = "scheme"
CREDENTIALS: Final = "credentials_in_address"
HOST: Final = "host"
NUMBER: Final = "number_form"
LOCAL_NAME: Final = "local_name"
PORT: Final = "port"
NETWORK: Final = "network"
NO_SUCH_NAME: Final = "no_such_name"
SLOW_LOOKUP: Final = "slow_lookup"
NO_CONNECTION: Final = "no_connection"
PROXY: Final = "proxy"
TLS: Final = "tls"
TIME_OVER: Final = "time_over"
CUT_OFF: Final = "cut_off"
UNREADABLE_ANSWER: Final = "unreadable_answer"
LONG_HEAD: Final = "long_head"
LONG_BODY: Final = "long_body"
UNSENDABLE: Final = "unsendable"
OTHER_ANSWER: Final = "other_answer"

CAUSES: Final = (
    UNREADABLE_ADDRESS,
    SCHEME,
    CREDENTIALS,
    HOST,
    NUMBER,
    LOCAL_NAME,
    PORT,
    NETWORK,
    NO_SUCH_NAME,
    SLOW_LOOKUP,
    NO_CONNECTION,
    PROXY,
    TLS,
    TIME_OVER,
    CUT_OFF,
    UNREADABLE_ANSWER,
    LONG_HEAD,
    LONG_BODY,
    UNSENDABLE,
)
"""What a call can come to besides an answer; `OTHER_ANSWER` is one that is not the wanted one."""


class OutboundError(Exception):
    """The address may not be called, or the call failed; the words never name a host.

    `cause` is one of `CAUSES`, or `OTHER_ANSWER`.
    """

    def __init__(self, words: str, cause: str) -> None:
        self.cause = cause
        super().__init__(words)


class AddressRefusedError(OutboundError):
    """The address may not be called: its words, or where its name leads now."""


class LookupFailedError(OutboundError):
    """The name leads nowhere now, or nobody said in time where: it may be called another time."""


def failed(exc: Exception, cause: str) -> OutboundError:
    """A call that came to nothing, told by the class alone: an error's words may name a host."""
    return OutboundError(f"the call failed ({type(exc).__name__})", cause)
