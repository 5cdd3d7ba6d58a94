"""The numbers of one encounter over time, without everything else a reading holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.tables import ObservationRow

MOST_POINTS: Final = 100_000
"""Six types a second for more than four hours; of a longer encounter the newest so many."""


class TrendPoint(NamedTuple):
    """One reading; `components` as `ObservationRow` has them, where it is several numbers."""

    observed_at: datetime
    type_cf: int
    unit_term: int | None
    status: int
    value: Decimal | None
    components: list[Any] | None


def trend_points(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    types: Collection[int],
    *,
    limit: int = MOST_POINTS,
) -> list[TrendPoint]:
    """The newest `limit` numbers of these types in time order; no test or demonstration data."""
    row = ObservationRow
    statement = (
        select(row.observed_at, row.type_cf, row.unit_term, row.status, row.value, row.components)
        .where(
            row.tenant_id == principal.tenant_id,
            row.encounter_id == encounter_id,
            row.type_cf.in_(list(types)),
            row.status.bitwise_and(UNCHARTED_STATUS) == 0,
        )
        .order_by(row.observed_at.desc(), row.row_id.desc())
        .limit(limit)
    )
    return [TrendPoint(*found) for found in work.session.execute(statement)][::-1]
