"""What devices measured of one encounter, as the quality indicators ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.tables import ObservationRow
from protocols.model.codes import UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature.lookup import ucum

KINDS: Final = {
    147842: "heart_rate",  # MDC_ECG_HEART_RATE
    149530: "heart_rate",  # MDC_PULS_OXIM_PULS_RATE
    149546: "heart_rate",  # MDC_PULS_RATE_NON_INV
    150456: "spo2",  # MDC_PULS_OXIM_SAT_O2
    151562: "respiration_rate",  # MDC_RESP_RATE
    151578: "respiration_rate",  # MDC_TTHOR_RESP_RATE
    151594: "respiration_rate",  # MDC_CO2_RESP_RATE
    150020: "blood_pressure",  # MDC_PRESS_BLD_NONINV, its first part is the systolic one
    150021: "blood_pressure",  # MDC_PRESS_BLD_NONINV_SYS
    151708: "etco2",  # MDC_CONC_AWAY_CO2_ET
    150364: "temperature",  # MDC_TEMP_BODY
    150392: "temperature",  # MDC_TEMP_TYMP
    160184: "glucose",  # MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD
}
"""By context-free code: the kind of finding (`VITAL_TYPES` of the encounter's record)."""
_SYSTOLIC: Final = 150021
_UNUSABLE: Final = (MeasurementStatus.INVALID | MeasurementStatus.NOT_AVAILABLE).value


@dataclass(frozen=True, slots=True)
class DeviceValue:
    """One number with its UCUM unit; `kind` is one of `KINDS`."""

    kind: str
    at: datetime
    value: Decimal
    unit: str
    observation_id: UUID


def quality_values(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, most: int
) -> list[DeviceValue]:
    """The first and last readings of each code, at most `most` of one code, in time order.

    Test data, readings the device calls invalid and special values are not among them.
    """
    first, last = (
        func.row_number().over(partition_by=ObservationRow.type_cf, order_by=order).label(name)
        for name, order in (
            ("first", (ObservationRow.observed_at, ObservationRow.row_id)),
            ("last", (ObservationRow.observed_at.desc(), ObservationRow.row_id.desc())),
        )
    )
    inner = (
        select(
            ObservationRow.tenant_id,
            ObservationRow.type_cf,
            ObservationRow.observed_at,
            ObservationRow.row_id,
            ObservationRow.value,
            ObservationRow.unit_term,
            ObservationRow.components,
            ObservationRow.observation_id,
            first,
            last,
        )
        .where(
            ObservationRow.tenant_id == principal.tenant_id,
            ObservationRow.encounter_id == encounter_id,
            ObservationRow.type_cf.in_(KINDS),
            ObservationRow.status.bitwise_and(UNCHARTED_STATUS | _UNUSABLE) == 0,
        )
        .subquery()
    )
    half = most // 2
    statement = (
        select(inner)
        .where(
            inner.c.tenant_id == principal.tenant_id,
            or_(inner.c.first <= half, inner.c.last <= half),
        )
        .order_by(inner.c.observed_at, inner.c.row_id)
    )
    found = []
    for row in work.session.execute(statement):
        value, unit_term = row.value, row.unit_term
        if value is None:
            value, unit_term = _systolic(row.components or [])
        if value is None:
            continue
        unit = ucum(UnitCode(unit_term)) if unit_term is not None else None
        found.append(
            DeviceValue(KINDS[row.type_cf], row.observed_at, value, unit or "", row.observation_id)
        )
    return found


def _systolic(components: list[list[object]]) -> tuple[Decimal | None, int | None]:
    for code, unit_term, digits, _special in components:
        if code == _SYSTOLIC and isinstance(digits, str):
            return Decimal(digits), int(str(unit_term))
    return None, None
