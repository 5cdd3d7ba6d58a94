"""What ends a token before its time, kept in memory so that a check reads no database.

Each process looks every five seconds at what changed since it last looked; what it changes
itself it knows at once. So a token that was ended lives on for `BOUND` at most, elsewhere.
When the database cannot be read for longer than `MOST_STALE`, nothing is taken for valid.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.authorization.grant_tables import GrantRow, RevokedTokenRow, ServiceTokenRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.identity.tables import UserRow
from cloud.core.kernel.work import Clock, Database, StorageError, UnitOfWork

BOUND: Final = timedelta(seconds=5)
AGAIN: Final = timedelta(seconds=1)
MOST_STALE: Final = timedelta(minutes=2)
# A row's time is its transaction's beginning; it may be seen only some seconds later.
_OVERLAP: Final = timedelta(seconds=30)
_LONGEST_GRANT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KnownClient:
    """What of a client a token is held against."""

    tenant_id: str
    kind: str
    status: str
    epoch: int
    scopes: tuple[str, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What of a person a token is held against."""

    tenant_id: str
    status: str
    epoch: int


@dataclass(slots=True)
class _Known:
    clients: dict[str, KnownClient] = field(default_factory=dict)
    users: dict[str, KnownUser] = field(default_factory=dict)
    grants: dict[str, datetime] = field(default_factory=dict)
    tokens: dict[str, datetime] = field(default_factory=dict)


class Revocations:
    """One process's knowledge."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known = _Known()
        self._looked_at: datetime | None = None
        self._is_outdated = False
        database.watch(
            (ApplicationRow, UserRow, GrantRow, RevokedTokenRow, ServiceTokenRow), self.forget
        )

    def client(self, client_id: str) -> KnownClient | None:
        """The client as it stood within `BOUND`; None for one there is not."""
        self._look()
        return self._known.clients.get(client_id)

    def user(self, user_id: str) -> KnownUser | None:
        """The person as they stood within `BOUND`."""
        self._look()
        return self._known.users.get(user_id)

    def is_revoked(self, *, token_id: str, grant_id: str) -> bool:
        """Whether the token itself, or all of its grant, was ended."""
        self._look()
        return token_id in self._known.tokens or (bool(grant_id) and grant_id in self._known.grants)

    def look_again(self) -> bool:
        """Look though `BOUND` is not over, for somebody this process may not know yet; False when
        it looked within the last second.
        """
        now, looked_at = self._clock(), self._looked_at
        if looked_at is not None and abs(now - looked_at) < AGAIN:
            return False
        self.forget()
        self._look()
        return True

    def forget(self) -> None:
        """Something changed here: look before the next answer."""
        with self._lock:
            self._is_outdated = True

    def _is_fresh(self, now: datetime) -> bool:
        looked_at = self._looked_at
        return not self._is_outdated and looked_at is not None and abs(now - looked_at) < BOUND

    def _look(self) -> None:
        now = self._clock()
        if self._is_fresh(now):
            return
        with self._lock:
            if self._is_fresh(now):
                return  # another thread looked meanwhile
            looked_at = self._looked_at
            try:
                with self._database.reading(now=now) as work:
                    # After a clock was set back, what changed meanwhile bears earlier times.
                    self._read(work, since=None if looked_at and looked_at > now else looked_at)
            except StorageError:
                if looked_at is None or now - looked_at > MOST_STALE:
                    raise
                return
            self._looked_at, self._is_outdated = now, False

    def _read(self, work: UnitOfWork, *, since: datetime | None) -> None:
        """The rows changed since; all of them the first time. Dropped are those long over."""
        known = self._known
        after = None if since is None else since - _OVERLAP
        clients = select(
            ApplicationRow.client_id,
            ApplicationRow.tenant_id,
            ApplicationRow.kind,
            ApplicationRow.status,
            ApplicationRow.epoch,
            ApplicationRow.approved_scopes,
            ApplicationRow.changed_at,
        )
        users = select(UserRow.user_id, UserRow.tenant_id, UserRow.status, UserRow.epoch)
        ended = work.now - _LONGEST_GRANT if after is None else after
        if after is not None:
            clients = clients.where(ApplicationRow.changed_at >= after)
            users = users.where(UserRow.changed_at >= after)
        for client_id, tenant_id, kind, status, epoch, scopes, at in work.session.execute(clients):
            known.clients[client_id] = KnownClient(
                tenant_id, kind, status, epoch, tuple(scopes), at
            )
        for user_id, tenant_id, status, epoch in work.session.execute(users):
            known.users[user_id] = KnownUser(tenant_id, status, epoch)
        grants = select(GrantRow.grant_id, GrantRow.revoked_at).where(GrantRow.revoked_at >= ended)
        known.grants.update((name, at) for name, at in work.session.execute(grants) if at)
        tokens = select(RevokedTokenRow.token_id, RevokedTokenRow.expires_at).where(
            RevokedTokenRow.expires_at > work.now,
            *([] if after is None else [RevokedTokenRow.revoked_at >= after]),
        )
        known.tokens.update((name, at) for name, at in work.session.execute(tokens))
        services = select(ServiceTokenRow.token_id, ServiceTokenRow.expires_at).where(
            ServiceTokenRow.expires_at > work.now,
            ServiceTokenRow.revoked_at.is_not(None),
            *([] if after is None else [ServiceTokenRow.revoked_at >= after]),
        )
        known.tokens.update((name, at) for name, at in work.session.execute(services))
        self._drop_what_is_over(work.now)

    def _drop_what_is_over(self, now: datetime) -> None:
        known = self._known
        known.tokens = {name: at for name, at in known.tokens.items() if at > now}
        known.grants = {name: at for name, at in known.grants.items() if at > now - _LONGEST_GRANT}
