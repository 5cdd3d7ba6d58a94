"""Refuses what would be added to a sandbox that is full."""

from __future__ import annotations

import threading
from typing import Final

from fastapi import Request

from cloud.api.shared.graphql_errors import PATH as GRAPHQL
from cloud.core.kernel.errors import ConflictError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import Clock, Database
from cloud.core.sandbox.room import Room, is_full

LOOKED_AT_EVERY: Final = 10.0
"""Seconds for which an answer holds: so much may be too many."""
_ADDING: Final = ("POST", "PUT", "PATCH")
_RESET: Final = "/v1/sandbox/reset"
_MOST_KNOWN: Final = 1_000


class SandboxRoom:
    """Looks at a sandbox at most every ten seconds in a process."""

    def __init__(self, database: Database, clock: Clock, room: Room | None = None) -> None:
        self._database = database
        self._clock = clock
        self._room = room or Room()
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, bool]] = {}

    def check(self, request: Request, principal: Principal) -> None:
        """ConflictError `sandbox_full` for a call that may add to one that holds as much as it
        may. Reading, deleting, asking over GraphQL and emptying go on.
        """
        path = request.url.path
        if not principal.is_sandbox or request.method not in _ADDING or path == GRAPHQL:
            return
        if path == _RESET:
            with self._lock:
                self._known.pop(principal.tenant_id, None)
        elif self._is_full(principal.tenant_id):
            raise ConflictError("sandbox_full", "Empty the sandbox: POST /v1/sandbox/reset.")

    def _is_full(self, sandbox_id: str) -> bool:
        now = self._clock()
        at = now.timestamp()
        with self._lock:
            seen, answer = self._known.get(sandbox_id, (at - LOOKED_AT_EVERY, False))
        if at - seen < LOOKED_AT_EVERY:
            return answer
        with self._database.reading(now=now) as work:
            answer = is_full(work, sandbox_id, self._room)
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[sandbox_id] = (at, answer)
        return answer
