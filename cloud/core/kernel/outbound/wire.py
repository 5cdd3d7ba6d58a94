"""One connection that speaks HTTP/1.1: it writes and hears at once, and measures all it hears.

Whoever answers is not trusted: heads, bodies and interim answers are bounded, every wait ends with
the call's deadline, and an answer may come before its request has left.
"""

from __future__ import annotations

import select
import socket
import ssl
from http.client import HTTPMessage
from typing import Final

import h11

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound import errors
from cloud.core.kernel.outbound.answers import GUARDED_HEADERS, MOST_OCTETS, Answer, Call
from cloud.core.kernel.outbound.errors import OutboundError
from cloud.core.kernel.outbound.sockets import Deadline

MOST_OF_HEAD: Final = 16_384
MOST_HEADERS: Final = 100
_MOST_INTERIM: Final = 8
_PORTION: Final = 16_384
_REST_SECONDS: Final = 2.0
"""How long the rest of an answer is heard of which the status alone counts."""
_LONG: Final = 431
_LOST: Final = (ConnectionError, ssl.SSLError)


class Wire:
    """A connection to one address, for one call after another."""

    def __init__(self, stream: socket.socket, address: Address) -> None:
        stream.setblocking(False)
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_OF_HEAD)
        self._unsent = memoryview(b"")
        self.address = address
        self._has_ended = False
        self.has_heard = False
        self.is_open = True

    def close(self) -> None:
        """End it; nothing is waited for."""
        self.is_open = False
        self._stream.close()

    def is_quiet(self) -> bool:
        """Whether another call can be made on it: nobody hung up or spoke unasked."""
        try:
            self._stream.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return self.is_open
        except OSError:
            return False
        return False

    def exchange(self, call: Call, authority: str, path: str, deadline: Deadline) -> Answer:
        """Make one call. OutboundError when no whole answer came; it is closed then."""
        self.has_heard = False
        try:
            self._unsent = memoryview(self._octets(call, authority, path))
            answer = self._answer(call, deadline)
        except OutboundError:
            self.close()
            raise
        self._settle()
        return answer

    def _octets(self, call: Call, authority: str, path: str) -> bytes:
        body = call.body or b""
        ours = {"Host": authority, "User-Agent": "Vitalwire", "Accept-Encoding": "identity"}
        if body or call.method not in ("GET", "HEAD"):
            ours["Content-Length"] = str(len(body))
        named = {name.lower() for name in call.headers}
        if not named.isdisjoint(GUARDED_HEADERS):
            raise OutboundError("a header of the call is not its to set", errors.UNSENDABLE)
        if "user-agent" in named:
            del ours["User-Agent"]
        try:
            headers = [*ours.items(), *call.headers.items()]
            request = h11.Request(method=call.method, target=path, headers=headers)
            events: list[h11.Event] = [request, h11.Data(data=body), h11.EndOfMessage()]
            return b"".join(self._http.send(event) or b"" for event in events)
        except (h11.LocalProtocolError, UnicodeError) as exc:
            raise errors.failed(exc, errors.UNSENDABLE) from exc

    def _answer(self, call: Call, deadline: Deadline) -> Answer:
        head = self._head(deadline)
        body = bytearray()
        if call.is_excerpt:
            deadline = deadline.sooner(_REST_SECONDS)
        try:
            self._read_body(body, call, deadline)
        except OutboundError:
            if not call.is_excerpt:
                raise
            self.close()
        headers = HTTPMessage()
        for name, value in head.headers.raw_items():
            headers[name.decode("ascii")] = value.decode("latin-1")
        return Answer(head.status_code, headers, bytes(body[: call.most_octets]))

    def _read_body(self, body: bytearray, call: Call, deadline: Deadline) -> None:
        most = max(call.most_octets, MOST_OCTETS) if call.is_excerpt else call.most_octets
        while isinstance(event := self._next(deadline), h11.Data):
            body += event.data
            if len(body) > most:
                raise OutboundError("the answer is too long", errors.LONG_BODY)

    def _head(self, deadline: Deadline) -> h11.Response:
        for _ in range(_MOST_INTERIM):
            event = self._next(deadline)
            if isinstance(event, h11.Response):
                pairs = event.headers.raw_items()
                size = sum(len(name) + len(value) for name, value in pairs)
                if len(pairs) > MOST_HEADERS or size > MOST_OF_HEAD:
                    break
                return event
        raise OutboundError("the answer's head is too long", errors.LONG_HEAD)

    def _next(self, deadline: Deadline) -> object:
        """The next event of the answer; OutboundError when none comes."""
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(self._heard(deadline))
        except h11.RemoteProtocolError as exc:
            cause = errors.CUT_OFF if self._has_ended else errors.UNREADABLE_ANSWER
            is_long = exc.error_status_hint == _LONG
            raise errors.failed(exc, errors.LONG_HEAD if is_long else cause) from exc
        except TimeoutError as exc:
            raise errors.failed(exc, errors.TIME_OVER) from exc
        except OSError as exc:
            raise errors.failed(exc, errors.CUT_OFF) from exc
        else:
            return event

    def _heard(self, deadline: Deadline) -> bytes:
        """What came, empty at the end; meanwhile the rest of the request goes out."""
        while True:
            awaited = select.POLLIN
            try:
                if self._unsent:
                    self._unsent = self._unsent[self._stream.send(self._unsent[:_PORTION]) :]
                    awaited |= select.POLLOUT
            except (BlockingIOError, ssl.SSLWantWriteError):
                awaited |= select.POLLOUT
            except ssl.SSLWantReadError:
                pass
            except _LOST:
                # Whoever refuses a long request may say why before it hangs up.
                self._unsent = memoryview(b"")
            try:
                octets = self._stream.recv(_PORTION)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait(awaited, deadline)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT, deadline)
            else:
                self.has_heard = self.has_heard or bool(octets)
                self._has_ended = not octets
                # A stream of octets without an end gives no other moment to look at the clock.
                deadline.left()
                return octets

    def _wait(self, awaited: int, deadline: Deadline) -> None:
        poll = select.poll()
        poll.register(self._stream, awaited)
        if not poll.poll(deadline.left() * 1000):
            raise TimeoutError

    def _settle(self) -> None:
        """Ready for the next call, or closed."""
        is_done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if self.is_open and is_done and not self._unsent and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
        else:
            self.close()
