"""The live feed: one poller a process for every viewer of the board.

A thread reads newly received rows while anyone watches and hands ready-made events to the
viewers' queues.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloud.api.console.rounds import TenantRound, WatchedTenant
from cloud.api.console.viewers import Viewer
from cloud.core.kernel.errors import UnavailableError
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import Clock, Database, StorageError
from cloud.core.observations.queries import Tail

LOG: Final = logging.getLogger("vitalwire.board")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPolicy:
    """How the board lives: looks, beats and checks of the token in seconds, and its bound."""

    poll_seconds: float = 0.2
    beat_seconds: float = 5.0
    check_seconds: float = 15.0
    most_viewers: int = 200


DEFAULT_POLICY: Final = BoardPolicy()


class LiveFeed:
    """Polls while there are viewers; `subscribe` and `unsubscribe` from an event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        policy: BoardPolicy = DEFAULT_POLICY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self.policy = policy
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._viewers: set[Viewer] = set()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, tenant_id: str, encounter_id: str | None, resume: Tail | None) -> Viewer:
        """A new viewer; UnavailableError `too_many_viewers` above the bound."""
        viewer = Viewer(tenant_id, encounter_id, resume)
        with self._lock:
            if len(self._viewers) >= self.policy.most_viewers:
                raise UnavailableError(
                    "too_many_viewers", "Close a board that nobody watches.", retry_after=30
                )
            self._viewers.add(viewer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="board-feed", daemon=True)
                self._thread.start()
        self._wake.set()
        return viewer

    def unsubscribe(self, viewer: Viewer) -> None:
        """Let a viewer go; the poller stops after the last one."""
        with self._lock:
            self._viewers.discard(viewer)
        self._wake.set()

    def close(self) -> None:
        """End every viewer's stream and wait for the poller."""
        with self._lock:
            thread = self._thread
        self._end_all()
        self._wake.set()
        if thread is not None:
            thread.join(5)

    @property
    def is_polling(self) -> bool:
        """Whether the poller runs."""
        with self._lock:
            return self._thread is not None

    def _run(self) -> None:
        try:
            self._poll()
        except BaseException:
            # A fault of ours: better every page says it reconnects than that it seems alive.
            LOG.exception("event=board_poller_failed")
            with self._lock:
                self._thread = None
            self._end_all()
            raise

    def _end_all(self) -> None:
        with self._lock:
            viewers, self._viewers = self._viewers, set()
        for viewer in viewers:
            viewer.offer(None)

    def _poll(self) -> None:
        tenants: dict[str, WatchedTenant] = {}
        while True:
            self._wake.clear()
            with self._lock:
                viewers = list(self._viewers)
                if not viewers:
                    self._thread = None
                    return
            try:
                self._round(tenants, viewers)
            except StorageError as exc:
                LOG.warning("event=board_poll_failed cause=%s", exc)
            self._wake.wait(self.policy.poll_seconds)

    def _round(self, tenants: dict[str, WatchedTenant], viewers: list[Viewer]) -> None:
        watched = {viewer.tenant_id for viewer in viewers}
        for gone in set(tenants) - watched:
            del tenants[gone]
        with self._database.reading(now=self._clock()) as work:
            for tenant_id in watched:
                mine = [viewer for viewer in viewers if viewer.tenant_id == tenant_id]
                if tenant_id not in tenants:
                    tenants[tenant_id] = WatchedTenant(service_principal(tenant_id, "board"))
                TenantRound(work, tenants[tenant_id], mine, self._monotonic()).run()
