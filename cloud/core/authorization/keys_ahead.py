"""Keys are had before a unit of work begins, never inside it.

Our own are made when there are none, in a unit of their own. Others' are fetched, and whoever runs
the address decides how long that takes: a transaction that waited for it would keep everybody else
waiting too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cloud.core.authorization.client_authentication import Presented, claimed_client, find_client
from cloud.core.authorization.client_keys import ClientKeys
from cloud.core.authorization.keys import KeyRing
from cloud.core.authorization.refusals import GrantError
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.unverified import UnreadableError, peek
from cloud.core.identity.people import trusted_issuer
from cloud.core.kernel.work import Clock, Database, UnitOfWork

Needed = tuple[str, str]
"""Where a key set is, and which of its keys is wanted."""


class KeysAhead:
    """Call it with what a request presents, while no unit of work is open."""

    def __init__(self, database: Database, clock: Clock, ring: KeyRing, keys: ClientKeys) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._keys = keys

    def __call__(self, presented: Presented, form: Mapping[str, str]) -> None:
        """Make what signs, fetch what the assertion and the subject token are checked with.

        Nothing is decided here: what cannot be read or fetched is refused where it is checked.
        """
        self._ring.make_missing()
        subject_token = form.get("subject_token", "")
        if presented.assertion is None and not subject_token:
            return
        try:
            client_id = claimed_client(presented)
        except GrantError:
            return
        with self._database.reading(now=self._clock()) as work:
            application = find_client(work, client_id)
            if application is None:
                return
            needed = [
                *_of_client(application, presented.assertion or ""),
                *_of_issuer(work, application, subject_token),
            ]
        for jwks_uri, kid in needed:
            self._keys.fetch_ahead(jwks_uri, kid)


def _of_client(application: ApplicationRow, assertion: str) -> Iterator[Needed]:
    try:
        kid = peek(assertion)[0].get("kid")
    except UnreadableError:
        return
    if isinstance(kid, str) and application.jwks is None and application.jwks_uri:
        yield application.jwks_uri, kid


def _of_issuer(work: UnitOfWork, application: ApplicationRow, token: str) -> Iterator[Needed]:
    try:
        header, claims = peek(token)
    except UnreadableError:
        return
    issuer, kid = claims.get("iss"), header.get("kid")
    if not isinstance(issuer, str) or not isinstance(kid, str):
        return
    trusted = trusted_issuer(work, tenant_id=application.tenant_id, issuer=issuer)
    if trusted is not None and trusted.jwks is None and trusted.jwks_uri:
        yield trusted.jwks_uri, kid
