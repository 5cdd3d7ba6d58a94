"""Single calls and single connections to addresses that others gave us."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final

from cloud.core.kernel.outbound.answers import Answer, Call
from cloud.core.kernel.outbound.checking import permitted
from cloud.core.kernel.outbound.errors import OTHER_ANSWER, OutboundError
from cloud.core.kernel.outbound.line import Line
from cloud.core.kernel.outbound.policy import STREAM, OutboundPolicy, counted
from cloud.core.kernel.outbound.sockets import Deadline, secured
from cloud.core.kernel.outbound.target import stream_target
from cloud.core.kernel.outbound.tunnel import reached

_OK: Final = 200
_OTHER: Final = "the address answers with something else than what is wanted"


def get_json(url: str, policy: OutboundPolicy) -> dict[str, Any]:
    """The JSON object at an address; OutboundError when it may not be had or is none."""
    answer = send(Call("GET", url, {"Accept": "application/json"}), policy)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as exc:
        raise OutboundError(_OTHER, OTHER_ANSWER) from exc
    if answer.status != _OK or not isinstance(document, dict):
        raise OutboundError(_OTHER, OTHER_ANSWER)
    return document


def send(call: Call, policy: OutboundPolicy, *, trust: ssl.SSLContext | None = None) -> Answer:
    """Make one call over a connection of its own, within the policy's time.

    `trust` replaces the system's authorities, and may hold a certificate of ours. OutboundError
    when no whole answer came; AddressRefusedError when the address may not be called.
    """
    with Line(policy, trust=trust) as line:
        return line.send(call)


@contextlib.contextmanager
def opened_stream(
    host: str, port: int, policy: OutboundPolicy, *, trust: ssl.SSLContext | None
) -> Iterator[socket.socket]:
    """A connection of octets under the same guard, under TLS where `trust` is given.

    Each call on it waits the policy's time at most. OutboundError when there is none to be had;
    what fails later is the caller's affair.
    """
    with counted(policy, STREAM):
        stream = _stream(host, port, policy, trust)
    with stream:
        stream.settimeout(policy.timeout_seconds)
        yield stream


def _stream(
    host: str, port: int, policy: OutboundPolicy, trust: ssl.SSLContext | None
) -> socket.socket:
    target = stream_target(host, port, is_secure=trust is not None)
    deadline = Deadline(policy.timeout_seconds)
    addresses = permitted(target, policy, policy.timeout_seconds)
    stream, _ = reached(addresses, port, policy, deadline)
    return stream if trust is None else secured(stream, target.host, trust, deadline)
