"""A certificate's dates, judged by what is known of the time and not by a clock that is wrong.

Chain and name are always verified by TLS itself, and the dates with them while the gateway's clock
is right. While it is wrong TLS leaves the dates alone and we judge those of the peer's own
certificate, before a single octet of ours goes over the line.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from socket import socket
from typing import Final

# X509_V_FLAG_NO_CHECK_TIME and X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL; ssl has no names for them.
_NO_CHECK_TIME: Final = 0x200000
_NOT_YET_VALID: Final = 9


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate is good."""

    begins: datetime
    ends: datetime

    def covers(self, utc: datetime) -> bool:
        """Whether it is good at `utc`."""
        return self.begins <= utc <= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeKnown:
    """What is known of the time as a connection is made.

    `is_clock_right`: TLS checks dates by the machine's own clock. `utc`: the time; None: nobody
    knows it. `floor`: it is certainly later. `is_floor_enough`: without a time, a certificate that
    had not ended at the floor will do. `difference_us`: see `ClockReading`.
    """

    is_clock_right: bool
    utc: datetime | None
    floor: datetime
    is_floor_enough: bool
    difference_us: int

    def refusal_of(self, shown: Validity) -> str:
        """Why a certificate is not good now, in words; "" when it is."""
        if shown.ends < self.floor:
            return f"its certificate ended on {_day(shown.ends)}, which is over for certain"
        if self.utc is None:
            return "" if self.is_floor_enough else "what time it is is not known yet"
        if self.utc < shown.begins:
            return f"its certificate begins on {_day(shown.begins)}, today is {_day(self.utc)}"
        if self.utc > shown.ends:
            return f"its certificate ended on {_day(shown.ends)}, today is {_day(self.utc)}"
        return ""


class DatedContext(ssl.SSLContext):
    """TLS as a client. `look` says what is known of the time, for each connection anew.

    `begins_later` is told of a certificate that the machine's own clock has yet to reach; `shown`
    is what the last peer's certificate said whose dates we judged.
    """

    look: Callable[[], TimeKnown]
    begins_later: Callable[[TimeKnown], None]
    shown: Validity | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """As of `ssl.SSLContext`; the object judges the dates at its handshake."""
        known = self._prepare()
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        if isinstance(made, _DatedObject):
            made.known = known
        return made

    def wrap_socket(
        self,
        sock: socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """As of `ssl.SSLContext`, for connected sockets; it judges the dates at its handshake."""
        known = self._prepare()
        made = super().wrap_socket(
            sock, server_side, False, suppress_ragged_eofs, server_hostname, session
        )
        if isinstance(made, _DatedSocket):
            made.known = known
        if do_handshake_on_connect:
            try:
                made.do_handshake()
            except OSError:
                made.close()
                raise
        return made

    def _prepare(self) -> TimeKnown:
        """The flags are copied into a connection as it is made."""
        known = self.look()
        if known.is_clock_right:
            self.verify_flags &= ~_NO_CHECK_TIME
        else:
            self.verify_flags |= _NO_CHECK_TIME
        return known

    def _finish(
        self, known: TimeKnown, shake: Callable[[], None], show: Callable[[], object]
    ) -> None:
        """Shake hands, then judge the dates that TLS left alone."""
        try:
            shake()
        except ssl.SSLCertVerificationError as exc:
            if exc.verify_code == _NOT_YET_VALID:
                self.begins_later(known)
            raise
        if known.is_clock_right:
            return
        self.shown = _validity_of(show())
        if why := known.refusal_of(self.shown):
            raise ssl.SSLCertVerificationError(why)


class _DatedObject(ssl.SSLObject):
    """Over memory, as event loops want it."""

    known: TimeKnown

    def do_handshake(self) -> None:
        """As of `ssl.SSLObject`."""
        if not isinstance(self.context, DatedContext):
            raise TypeError("made by another context")
        self.context._finish(self.known, super().do_handshake, self.getpeercert)


class _DatedSocket(ssl.SSLSocket):
    """Over a socket, as threads want it."""

    known: TimeKnown

    def do_handshake(self, block: bool = False) -> None:
        """As of `ssl.SSLSocket`."""
        if not isinstance(self.context, DatedContext):
            raise TypeError("made by another context")
        shake = super().do_handshake
        try:
            self.context._finish(self.known, lambda: shake(block), self.getpeercert)
        except ssl.SSLCertVerificationError:
            self.close()  # nobody else does, and not a word goes over it
            raise


DatedContext.sslobject_class = _DatedObject
DatedContext.sslsocket_class = _DatedSocket


def dated_context(
    ca_file: str, look: Callable[[], TimeKnown], begins_later: Callable[[TimeKnown], None]
) -> DatedContext:
    """What `ssl.create_default_context` makes, with dates judged by `look`.

    Trusts `ca_file` alone where it is named; OSError when that cannot be read.
    """
    context = DatedContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.look, context.begins_later = look, begins_later
    if ca_file:
        context.load_verify_locations(ca_file)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def _validity_of(certificate: object) -> Validity:
    if not isinstance(certificate, dict):
        raise ssl.SSLCertVerificationError("it shows no certificate")
    begins, ends = (_utc_of(str(certificate[name])) for name in ("notBefore", "notAfter"))
    return Validity(begins, ends)


def _utc_of(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
