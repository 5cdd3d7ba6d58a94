"""What an operator sees of curated operations in `/health`."""

from __future__ import annotations

from cloud.core.curation.bundles import bundles
from cloud.core.curation.grants import lost_grants
from cloud.core.kernel.health import Health
from cloud.core.kernel.work import Clock, Database, StorageError


def operations_health(database: Database, clock: Clock) -> Health:
    """How many bundles there are, and how many grants are of bundles that are gone: those open
    nothing, and everybody else's do.
    """
    try:
        with database.reading(now=clock()) as work:
            return Health(ok=True, details={"bundles": len(bundles()), "lost": lost_grants(work)})
    except StorageError as exc:
        return Health(ok=False, details={"cause": type(exc).__name__})
