"""How a client proves who it is: one function for each method, one answer for every failure.

A client with an active certificate of its own proves itself with a certificate and nothing else
(RFC 8705); whoever sends two proofs at once is refused. A client nobody knows costs the same time
as a wrong secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from sqlalchemy import or_, select

from cloud.core.authorization import profiles
from cloud.core.authorization.active_certificates import (
    active_certificates,
    is_certificate_only,
)
from cloud.core.authorization.client_keys import ClientKeys, FetchError
from cloud.core.authorization.client_secrets import valid_secrets
from cloud.core.authorization.credential_tables import (
    ApiKeyRow,
    ClientCertificateRow,
    ClientSecretRow,
)
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.proofs import use_once
from cloud.core.authorization.refusals import (
    GrantError,
    forbidden,
    invalid_client,
    invalid_request,
)
from cloud.core.authorization.secrets import DUMMY_HASH, key_hash, matches
from cloud.core.authorization.tables import DELETED, ApplicationRow
from cloud.core.authorization.tokens import thumbprint
from cloud.core.authorization.unverified import UnreadableError, peek
from cloud.core.kernel.work import Database, UnitOfWork

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS: Final = ("RS256", "RS384", "PS256", "ES256", "ES384", "Ed25519")
ASSERTION_TYPES: Final = ("JWT", "client-authentication+jwt")
"""So that no DPoP proof, and nothing else the same key signs, passes for an assertion."""
ASSERTION_LIFE: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=10)
"""FAPI 2.0 (5.3.2.1) wants assertions from clocks ten seconds ahead to be taken."""
USED_EVERY: Final = timedelta(minutes=1)

FleetCertificate = Callable[[UnitOfWork, bytes], str | None]
"""The client id that a certificate of the fleet's own authority belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What came with a request. `certificate` is DER, shown by the connection itself.

    `audiences` are the addresses an assertion may be made out to: the issuer, and this endpoint.
    `compared` says which stored hashes the secret has, as far as that was found out beforehand.
    """

    client_id: str = ""
    basic_secret: str | None = None
    post_secret: str | None = None
    json_secret: str | None = None
    api_key: str | None = None
    assertion: str | None = None
    certificate: bytes | None = None
    audiences: tuple[str, ...] = ()
    compared: Mapping[str, bool] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets by the method they came by."""
        found = {
            profiles.SECRET_BASIC: self.basic_secret,
            profiles.SECRET_POST: self.post_secret,
            profiles.SECRET_JSON: self.json_secret,
        }
        return {method: secret for method, secret in found.items() if secret is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenClient:
    """A client and how it proved itself; `certificate` is its thumbprint where it showed one."""

    application: ApplicationRow
    method: str
    certificate: str = ""


class ClientAuthentication:
    """Everything a check needs beyond the unit of work."""

    def __init__(self, keys: ClientKeys, fleet_certificate: FleetCertificate) -> None:
        self._keys = keys
        self._fleet_certificate = fleet_certificate

    def prove(self, work: UnitOfWork, profile: Profile, presented: Presented) -> ProvenClient:
        """The client behind a request; GrantError `invalid_client`, `mtls_required` or
        `invalid_request`.

        One that is not approved is given too: it is for the grant to refuse it by name.
        """
        ways = len(presented.secrets) + (presented.assertion is not None)
        if ways > 1:
            raise invalid_request("Authenticate the client in one way only.")
        application = find_client(work, claimed_client(presented))
        if application is not None and is_certificate_only(work, application):
            proven = self._by_registered_certificate(work, application, presented)
        elif presented.assertion is not None:
            proven = self._by_assertion(work, application, presented, presented.assertion)
        elif presented.secrets:
            proven = _by_secret(work, application, presented)
        elif presented.certificate is not None:
            proven = self._by_fleet_certificate(work, application, presented.certificate)
        else:
            proven = _by_nothing(application)
        _check_method(profile, proven)
        return proven

    def _by_registered_certificate(
        self, work: UnitOfWork, application: ApplicationRow, presented: Presented
    ) -> ProvenClient:
        if presented.certificate is None:
            raise GrantError(
                "mtls_required", "Show one of the client's certificates: it proves itself so only."
            )
        shown = thumbprint(presented.certificate)
        row = work.session.scalars(
            active_certificates(application).where(ClientCertificateRow.thumbprint == shown)
        ).one_or_none()
        if row is None or not row.not_before <= work.now <= row.not_after:
            raise invalid_client()
        if is_news(row.last_used_at, work.now):
            row.last_used_at = work.now
        return ProvenClient(
            application=application, method=profiles.SELF_SIGNED_TLS, certificate=shown
        )

    def _by_fleet_certificate(
        self, work: UnitOfWork, application: ApplicationRow | None, certificate: bytes
    ) -> ProvenClient:
        owner = self._fleet_certificate(work, certificate)
        if application is None or profiles.TLS not in application.auth_methods:
            return _by_nothing(application)
        # A certificate that was revoked with its client tells the client so.
        if owner != application.client_id and application.is_approved:
            raise invalid_client()
        return ProvenClient(
            application=application, method=profiles.TLS, certificate=thumbprint(certificate)
        )

    def _by_assertion(
        self,
        work: UnitOfWork,
        application: ApplicationRow | None,
        presented: Presented,
        assertion: str,
    ) -> ProvenClient:
        if application is None:
            raise invalid_client()
        try:
            _, header = _claimed(assertion, application.client_id)
            claims = self._signed_claims(application, header, assertion)
        except (JoseError, ValueError, TypeError, RecursionError) as exc:
            raise invalid_client() from exc
        expires_at = _check_claims(claims, application.client_id, presented.audiences, work.now)
        is_first = use_once(
            work, "assertion", application.client_id, claims["jti"], expires_at=expires_at
        )
        if not is_first:
            raise invalid_client("Make a new assertion for each request: its jti was used before.")
        return ProvenClient(application=application, method=profiles.PRIVATE_KEY_JWT)

    def _signed_claims(
        self, application: ApplicationRow, header: dict[str, Any], assertion: str
    ) -> dict[str, Any]:
        kid, algorithm = header.get("kid"), header.get("alg")
        if (
            algorithm not in ASSERTION_ALGORITHMS
            or set(header) - {"alg", "kid", "typ", "jku"}
            or not isinstance(kid, str)
            or header.get("typ", "JWT") not in ASSERTION_TYPES
            or header.get("jku", application.jwks_uri) != application.jwks_uri
        ):
            raise invalid_client()
        try:
            key = self._keys.key(kid, jwks=application.jwks, jwks_uri=application.jwks_uri)
        except FetchError as exc:
            raise invalid_client("The client's keys cannot be fetched from its jwks_uri.") from exc
        if key is None:
            raise invalid_client()
        return jwt.decode(assertion, key, algorithms=[str(algorithm)]).claims


def find_client(work: UnitOfWork, client_id: str) -> ApplicationRow | None:
    """The client of this id, of whichever tenant."""
    # No id holds a NUL, and PostgreSQL would not even compare one.
    row = None if "\x00" in client_id else work.session.get(ApplicationRow, client_id)
    return None if row is None or row.status == DELETED else row


def secret_compared(database: Database, presented: Presented, now: datetime) -> Presented:
    """The same with its secret compared: argon2id takes 25 ms on purpose, and no unit of work
    should be open meanwhile. What is not found out here is found out where it counts.
    """
    secret = presented.basic_secret or presented.post_secret or presented.json_secret
    if secret is None or len(presented.secrets) > 1:
        return presented
    with database.reading(now=now) as work:
        if presented.json_secret is not None and _api_key(work, presented.api_key) is None:
            return presented
        application = find_client(work, presented.client_id)
        rows = [] if application is None else _candidates(work, application, secret)
    hashes = [row.secret_hash for row in rows] or [DUMMY_HASH]
    return replace(presented, compared={one: matches(one, secret) for one in hashes})


def secret_fits(
    work: UnitOfWork,
    application: ApplicationRow | None,
    secret: str,
    compared: Mapping[str, bool] | None = None,
) -> bool:
    """Whether it is one of the client's valid secrets; an unknown client costs the same time."""
    rows = [] if application is None else _candidates(work, application, secret)
    known = compared or {}
    results = [
        known[one] if one in known else matches(one, secret)
        for one in [row.secret_hash for row in rows] or [DUMMY_HASH]
    ]
    for row, fits in zip(rows, results, strict=False):
        if fits and is_news(row.last_used_at, work.now):
            row.last_used_at, row.last_four = work.now, secret[-4:]
    return bool(rows) and any(results)


def is_news(used_at: datetime | None, now: datetime) -> bool:
    """Whether having been used `now` is worth writing down."""
    return used_at is None or now - used_at >= USED_EVERY


def _by_secret(
    work: UnitOfWork, application: ApplicationRow | None, presented: Presented
) -> ProvenClient:
    ((method, secret),) = presented.secrets.items()
    # A key nobody has costs nothing; one of another partner is told only to who knows the secret.
    owner = _owner_of_key(work, presented.api_key) if method == profiles.SECRET_JSON else ""
    if owner is None:
        raise forbidden()
    fits = secret_fits(work, application, secret, presented.compared)
    if not fits or application is None:
        raise invalid_client()
    if owner and owner != application.client_id:
        raise forbidden()
    return ProvenClient(application=application, method=method)


def _by_nothing(application: ApplicationRow | None) -> ProvenClient:
    if application is None or not application.is_public:
        raise invalid_client("Authenticate the client.")
    return ProvenClient(application=application, method=profiles.NONE)


def _owner_of_key(work: UnitOfWork, api_key: str | None) -> str | None:
    """The client whose valid key this is; None for no key and for one nobody has."""
    row = _api_key(work, api_key)
    if row is None:
        return None
    if is_news(row.last_used_at, work.now):
        row.last_used_at = work.now
    return row.client_id


def _api_key(work: UnitOfWork, api_key: str | None) -> ApiKeyRow | None:
    if not api_key:
        return None
    statement = select(ApiKeyRow).where(
        ApiKeyRow.key_hash == key_hash(api_key),
        or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > work.now),
    )
    return work.session.scalars(statement).one_or_none()


def _check_method(profile: Profile, proven: ProvenClient) -> None:
    if proven.method not in profile.auth_methods:
        raise invalid_client(f"This endpoint takes {', '.join(profile.auth_methods)}.")
    registered = proven.application.auth_methods
    if proven.method not in registered and proven.method != profiles.SELF_SIGNED_TLS:
        raise invalid_client("Authenticate in a way the client is registered for.")


def _candidates(
    work: UnitOfWork, application: ApplicationRow, secret: str
) -> list[ClientSecretRow]:
    """The one valid secret that ends as this one does; none of a client's end alike.

    So one hash is compared however many there are, and the time does not tell how many that is.
    Where there is none: those from before ends were kept, each until its next use.
    """
    valid = valid_secrets(work, application)
    alike = [row for row in valid if row.last_four == secret[-4:]]
    return alike[:1] or [row for row in valid if not row.last_four]


def claimed_client(presented: Presented) -> str:
    """Who a request says it is of, before anything of it is believed; GrantError `invalid_client`
    for an assertion that cannot be read, or is of somebody else than the request.
    """
    if presented.assertion is None:
        return presented.client_id
    return _claimed(presented.assertion, presented.client_id)[0]


def _claimed(assertion: str, client_id: str) -> tuple[str, dict[str, Any]]:
    """Whose an assertion says it is, and its header."""
    try:
        header, claims = peek(assertion)
    except UnreadableError as exc:
        raise invalid_client() from exc
    subject = claims.get("sub")
    if not isinstance(subject, str) or (client_id and subject != client_id):
        raise invalid_client()
    return subject, header


def _check_claims(
    claims: dict[str, Any], client_id: str, audiences: tuple[str, ...], now: datetime
) -> datetime:
    """RFC 7523 section 3, and FAPI 2.0 and SMART on top; when the assertion ends."""
    expires, not_before, issued = (claims.get(name) for name in ("exp", "nbf", "iat"))
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if (
        claims.get("iss") != client_id
        or claims.get("sub") != client_id
        or not isinstance(named, list)
        or len(named) != 1
        or named[0] not in audiences
        or not isinstance(claims.get("jti"), str)
        or not 1 <= len(claims["jti"]) <= 200
        or type(expires) is not int
        or not all(moment is None or type(moment) is int for moment in (not_before, issued))
    ):
        raise invalid_client("Make the assertion out to the issuer, by and for the client.")
    latest = (now + LEEWAY).timestamp()
    if (
        not now.timestamp() - LEEWAY.total_seconds()
        < expires
        <= (now + ASSERTION_LIFE + LEEWAY).timestamp()
    ):
        raise invalid_client("Let the assertion live five minutes at most.")
    if any(moment is not None and moment > latest for moment in (not_before, issued)):
        raise invalid_client("The assertion is not valid yet: check the client's clock.")
    return datetime.fromtimestamp(expires, UTC) + LEEWAY
