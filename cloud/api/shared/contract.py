"""What each answer says of the contract: its version, and what of it will end and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

CONTRACT_VERSION: Final = "2026.4"
VERSION_HEADER: Final = "x-contract-version"
_ARGUS: Final = (
    "/.well-known/api-catalog",
    "/.well-known/jwks.json",
    "/.well-known/openapi.",
    "/api/",
    "/graphql",
    "/llms.txt",
    "/v1/auth/jwks.json",
    "/v1/discovery/",
    "/v1/jobs",
    "/v1/oauth/",
    "/v1/observability/",
    "/v1/platform/",
    "/v1/saml/",
    "/v1/sandbox/",
    "/v1/webhooks",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A route that will not stay: its template, since when that is known, when it ends, and the
    address that takes its place.
    """

    route: str
    deprecated_at: datetime
    sunset_at: datetime
    successor: str

    def headers(self) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and where to go."""
        return {
            "deprecation": f"@{int(self.deprecated_at.timestamp())}",
            "sunset": format_datetime(self.sunset_at, usegmt=True),
            "link": f'<{self.successor}>; rel="successor-version"',
        }


ENDINGS: Final[tuple[Ending, ...]] = (
    Ending(
        route="/openapi.json",
        deprecated_at=datetime(2026, 11, 26, tzinfo=UTC),
        sunset_at=datetime(2027, 11, 26, tzinfo=UTC),
        successor="/.well-known/openapi.json",
    ),
)


def ending_of(route: str, endings: Iterable[Ending] = ENDINGS) -> Ending | None:
    """The end of a route by its template, None for one that stays."""
    return next((one for one in endings if one.route == route), None)


def is_argus(path: str) -> bool:
    """Whether an address belongs to the contract whose answers bear its version and trace."""
    return path.startswith(_ARGUS)
