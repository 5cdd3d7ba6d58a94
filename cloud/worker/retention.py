"""Takes away what nobody keeps any longer, a portion a unit, whole months first."""

from __future__ import annotations

import logging
import time
from typing import Final

from cloud.core.kernel.work import Clock, Database
from cloud.core.retention.months import drop_next_month
from cloud.core.retention.policies import RetentionPolicy
from cloud.core.retention.sweeping import sweep, tenant_ids

LOG: Final = logging.getLogger("vitalwire.worker")
_SECONDS: Final = 5.0
"""Other jobs wait meanwhile."""


def drop_months(database: Database, clock: Clock, standard: RetentionPolicy) -> None:
    """Every month that nobody keeps, one a unit."""
    while True:
        with database.begin(now=clock()) as work:
            dropped = drop_next_month(work, standard)
        if dropped is None:
            return
        LOG.info("event=month_dropped table=%s month=%s", dropped[0], f"{dropped[1]:%Y-%m}")


def sweep_all(database: Database, clock: Clock, standard: RetentionPolicy) -> None:
    """Every tenant's, but for a few seconds only: what is left is for the next run."""
    until = time.monotonic() + _SECONDS
    with database.reading(now=clock()) as work:
        owners = tenant_ids(work)
    for tenant_id in owners:
        is_done = False
        while not is_done and time.monotonic() < until:
            with database.begin(now=clock()) as work:
                swept = sweep(work, tenant_id, standard)
            is_done = not swept.total
            if swept.total:
                LOG.info(
                    "event=retention_swept tenant=%s waveforms=%d readings=%d records=%d late=%d",
                    tenant_id,
                    swept.waveforms,
                    swept.readings,
                    swept.records,
                    swept.late,
                )
    # What an erasure could not clear away because somebody was reading.
    database.empty_log()
