"""The cookies of our pages: strictly ours, unreadable to scripts, never sent with foreign posts.

Over https their names begin with `__Host-`, so that no neighbouring host can set them. Plain http
is for loopback, where browsers take no such name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from cloud.api.authorization.forms import caller_of
from cloud.api.shared.services import services_of
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.secrets import new_opaque

MARK: Final = "vitalwire-browser"
SESSION: Final = "vitalwire-session"
KNOWN: Final = "vitalwire-known"
_LONGEST: Final = 4096
_KNOWN_SECONDS: Final = 180 * 86_400


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and writes them for one request."""

    request: Request
    is_secure: bool

    @classmethod
    def of(cls, request: Request) -> Cookies:
        """As the installation is reached."""
        issuer = services_of(request).authorization.issuer
        return cls(request, issuer.startswith("https://"))

    def browser(self) -> Browser:
        """The caller's browser; one without a mark gets a new one, which `keep` has to set."""
        return Browser(
            mark=self._read(MARK) or new_opaque("vwb"),
            session=self._read(SESSION),
            known=self._read(KNOWN),
            caller=caller_of(self.request),
        )

    def keep(self, response: Response, browser: Browser) -> Response:
        """Give the browser its mark, where it has none yet."""
        if self._read(MARK) != browser.mark:
            self._write(response, MARK, browser.mark)
        return response

    def signed_in(self, response: Response, *, session: str, known: str) -> Response:
        """A session that ends with the browser, and that this browser is known from now on."""
        self._write(response, SESSION, session)
        self._write(response, KNOWN, known, seconds=_KNOWN_SECONDS)
        return response

    def begun(self, response: Response, *, session: str) -> Response:
        """A session that ends with the browser; no password was typed, so nothing is remembered."""
        self._write(response, SESSION, session)
        return response

    def signed_out(self, response: Response) -> Response:
        """Take the session's cookie away."""
        self._write(response, SESSION, "", seconds=0)
        return response

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.is_secure else name

    def _read(self, name: str) -> str:
        value = self.request.cookies.get(self._name(name), "")
        return value if len(value) <= _LONGEST and value.isascii() else ""

    def _write(
        self, response: Response, name: str, value: str, *, seconds: int | None = None
    ) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )
