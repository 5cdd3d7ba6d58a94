"""What cannot be read from a route alone: how to begin, and what all calls have in common."""

from __future__ import annotations

from typing import Final

from cloud.api.discovery.apis import API_CATALOG, DOCUMENTS, LLMS, OPENAPI_JSON, OPENAPI_YAML
from cloud.api.discovery.documents import Code, Section, Table
from cloud.api.shared.contract import VERSION_HEADER
from cloud.api.shared.idempotent import HEADER
from cloud.core.authorization.profiles import BY_NAME, PLATFORM
from cloud.core.kernel.idempotency import KEPT_FOR, MAX_KEY
from cloud.core.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from cloud.core.sandbox.scenarios import SCENARIOS

FILES: Final = (
    ("OpenAPI 3.1 as JSON", OPENAPI_JSON, "every operation, body and answer"),
    ("OpenAPI 3.1 as YAML", OPENAPI_YAML, "the same"),
    ("API catalog", API_CATALOG, "the APIs and what describes each (RFC 9727)"),
    ("Keys", "/.well-known/jwks.json", "what verifies tokens"),
    ("Server metadata", "/.well-known/oauth-authorization-server", "where tokens are had"),
)


def reading(issuer: str) -> str:
    """Where else the same is told."""
    return (
        f"Every topic is at `{issuer}{DOCUMENTS}/NAME` as JSON, with `?format=markdown` as text "
        f"and with `?format=html` as a page; `{LLMS}` lists them. "
        f"The whole description for tools is at `{OPENAPI_JSON}` and `{OPENAPI_YAML}`."
    )


def authentication(issuer: str) -> tuple[Section, ...]:
    """The token endpoints, and how a token is sent."""
    rows = tuple(
        (
            f"`{profile.token_path}`",
            " ".join(f"`{grant}`" for grant in profile.grants),
            " ".join(f"`{method}`" for method in profile.auth_methods),
            f"`{profile.audience}`",
            str(profile.access_seconds),
        )
        for profile in BY_NAME.values()
    )
    ask = (
        f"curl -u CLIENT_ID:CLIENT_SECRET {issuer}{PLATFORM.token_path} \\\n"
        "  -d grant_type=client_credentials -d scope=argus:devices:read\n"
        f'curl -H "Authorization: Bearer TOKEN" {issuer}/api/v1/devices'
    )
    return (
        Section("Get a token and use it", (Code("sh", ask),)),
        Section(
            "Token endpoints",
            (
                Table(("address", "grants", "client shows", "audience", "seconds at most"), rows),
                "A token opens the addresses of its audience only.",
            ),
        ),
        Section(
            "Sending it",
            (
                "Send the token in the `Authorization` header, never in the address. A token that "
                "is bound to a key comes as `DPoP` with a proof; one bound to a certificate comes "
                "over a connection that shows the certificate.",
                "`X-Tenant-ID` may be left out, but where the topic `graphql` says otherwise; when "
                "it is sent it must be the token's own tenant.",
            ),
        ),
    )


def sandbox(host: str) -> tuple[Section, ...]:
    """The sandbox's host, its rules, and what can be played."""
    rules = tuple(
        (f"`{reason}`", says)
        for reason, says in (
            ("live-token-on-sandbox-host", "a token that is not for the sandbox"),
            ("sandbox-token-on-live-host", "a sandbox token anywhere else"),
            ("live-address-on-sandbox-host", "sign-in, token endpoints, vehicles, the board"),
        )
    )
    rows = tuple((f"`{one.name}`", one.says) for one in SCENARIOS)
    return (
        Section(
            "The host",
            (
                f"The sandbox is at `{host}`; every answer there bears `X-Argus-Sandbox: true`. "
                "An administrator makes a token for it with "
                "`POST /v1/platform/apps/CLIENT_ID/sandbox-token`. It has data of its own, one "
                "sandbox a tenant, and `POST /v1/sandbox/reset` empties it.",
            ),
        ),
        Section(
            "What is refused",
            (
                "With 403 and `X-Argus-Sandbox-Reason`:",
                Table(("reason", "what was sent"), rules),
            ),
        ),
        Section("Scenarios", (Table(("name", "what is there"), rows),)),
    )


def conventions() -> tuple[Section, ...]:
    """Headers and rules that hold everywhere."""
    hours = int(KEPT_FOR.total_seconds() // 3600)
    return (
        Section(
            "Repeats",
            (
                f"A `POST` that makes something takes `{HEADER}` (at most {MAX_KEY} characters). "
                f"For {hours} hours the same key gives the stored answer octet by octet, with "
                "`Idempotency-Replayed: true`; `Idempotency-Payload-Mismatch: true` says that the "
                "body was another than the first time.",
            ),
        ),
        Section(
            "Pages",
            (
                f"Lists take `limit` (1 to {MAX_LIMIT}, {DEFAULT_LIMIT} if left out) and `cursor`. "
                "The next page is asked for with the `next_cursor` of the one before; it is null "
                "at the end.",
            ),
        ),
        Section(
            "Tags",
            (
                "What can change has an `ETag`. Send it as `If-Match` with a change, and the "
                "change is made to what you saw or refused with 412; send it as `If-None-Match` "
                "with a read, and what you have already is not sent again.",
            ),
        ),
        Section(
            "Traces",
            (
                "Every answer has `X-Request-ID`; your own is taken when it is 1 to 64 letters, "
                "digits, dots, underscores and hyphens.",
                "Send `traceparent` (W3C Trace Context) to go on with a trace of yours; what "
                "cannot be read begins a new one. Answers name it in `X-Argus-Trace-ID` and the "
                "request's own span in `X-Argus-Span-ID`; `/v1/observability/traces/TRACE_ID` "
                "shows what came of it. A flag of `00` keeps it from being recorded.",
            ),
        ),
        Section(
            "Numbers and times",
            (
                "Numbers keep their digits: 36.60 comes back as 36.60. Times are RFC 3339 with an "
                "offset.",
            ),
        ),
        Section(
            "Limits",
            (
                "Past a limit the answer is 429 with `Retry-After`; `RateLimit-*` headers say "
                "where you stand. 503 with `Retry-After` means that nothing was kept.",
            ),
        ),
        Section(
            "Versions",
            (f"Answers bear `{VERSION_HEADER}`; the topic `versions` says what will end.",),
        ),
    )
