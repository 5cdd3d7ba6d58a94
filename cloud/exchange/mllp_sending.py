"""One message over MLLP, and what its acknowledgement says.

Each message has a connection of its own, so a receiver that was restarted, or that left a frame
half sent, costs one attempt and no more. The answer of an earlier message is not ours to hear.
"""

from __future__ import annotations

import socket
import time
from typing import Final

from cloud.core.exchange.access import open_access
from cloud.core.exchange.tables import ConnectionRow
from cloud.core.exchange.verdicts import Outcome, Verdict
from cloud.core.kernel.outbound import (
    AddressRefusedError,
    OutboundError,
    OutboundPolicy,
    opened_stream,
    read_stream,
)
from cloud.core.kernel.vault import Vault
from cloud.exchange.trust import Trusts
from cloud.hl7v2.acknowledgement import (
    Acknowledgement,
    UnreadableAcknowledgementError,
    read_acknowledgement,
)
from cloud.hl7v2.framing import FrameReader, FramingError, frame

_PORTION: Final = 65_536


class MllpSender:
    """Sends over the connections of kind mllp."""

    def __init__(self, vault: Vault, policy: OutboundPolicy) -> None:
        self._vault = vault
        self._policy = policy
        self._trusts = Trusts()

    def send(self, connection: ConnectionRow, message: bytes, control_id: str) -> Verdict:
        """Send one message and wait for the acknowledgement that names it."""
        try:
            where = read_stream(connection.address)
            trust = None
            if where.is_secure:
                access = open_access(
                    self._vault, connection.connection_id, connection.sealed_access
                )
                trust = self._trusts.of(access, connection.authorities)
            with opened_stream(where.host, where.port, self._policy, trust=trust) as stream:
                stream.sendall(frame(message))
                return self._await(stream, control_id)
        except AddressRefusedError:
            return Verdict(outcome=Outcome.LOCKED, reason="address_refused")
        except TimeoutError:
            return Verdict(outcome=Outcome.BUSY, reason="timeout")
        except (OutboundError, OSError):
            return Verdict(outcome=Outcome.BUSY, reason="no_answer")
        except FramingError:
            return Verdict(outcome=Outcome.FAULT, reason="unreadable_answer")

    def reach(self, connection: ConnectionRow) -> str:
        """Whether the receiver takes a connection: empty, or what is wrong in a word."""
        try:
            where = read_stream(connection.address)
            access = open_access(self._vault, connection.connection_id, connection.sealed_access)
            trust = self._trusts.of(access, connection.authorities) if where.is_secure else None
            with opened_stream(where.host, where.port, self._policy, trust=trust):
                return ""
        except AddressRefusedError:
            return "address_refused"
        except (OutboundError, OSError):
            return "no_answer"

    def _await(self, stream: socket.socket, control_id: str) -> Verdict:
        reader = FrameReader()
        deadline = time.monotonic() + self._policy.timeout_seconds
        while (left := deadline - time.monotonic()) > 0:
            stream.settimeout(left)
            octets = stream.recv(_PORTION)
            if not octets:
                reason = "cut_off" if reader.is_within else "hung_up"
                return Verdict(outcome=Outcome.BUSY, reason=reason)
            for answer in reader.feed(octets):
                verdict = _judge(answer, control_id)
                if verdict is not None:
                    return verdict
        return Verdict(outcome=Outcome.BUSY, reason="timeout")


def _judge(answer: bytes, control_id: str) -> Verdict | None:
    """None for an answer to something else, which is passed over."""
    try:
        acknowledgement = read_acknowledgement(answer)
    except UnreadableAcknowledgementError:
        return Verdict(outcome=Outcome.FAULT, reason="unreadable_answer")
    if acknowledgement.control_id != control_id:
        return None
    return Verdict(
        outcome=_outcome(acknowledgement),
        reason="" if acknowledgement.is_good else f"acknowledged_{acknowledgement.code.lower()}",
        words="" if acknowledgement.is_good else acknowledgement.words,
    )


def _outcome(acknowledgement: Acknowledgement) -> Outcome:
    if acknowledgement.is_good:
        return Outcome.TAKEN
    # AR and CR may be the receiver's own trouble and not the message's (2.9.2): try again a while.
    return Outcome.REFUSED if acknowledgement.is_error else Outcome.FAULT
