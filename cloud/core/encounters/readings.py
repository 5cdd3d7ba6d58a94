"""One reading over the API: checked strictly, since its sender can correct it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4, uuid5

from cloud.core.devices.discovery import ACTIVE, OFFLINE
from cloud.core.devices.identity import system_id_of
from cloud.core.devices.service import device as find_device
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.binding import bind_vehicle
from cloud.core.encounters.lifecycle import CLOSED
from cloud.core.encounters.service import find as find_encounter
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.panels import is_sensible, parts_of
from cloud.core.observations.plausibility import (
    allowed_units,
    canonical_ucum,
    judge,
    suggested_ucum,
)
from cloud.core.observations.recording import Bound, Origin, insert_new, row_values, value_flags
from cloud.core.observations.service import EVENT_RECORDED
from cloud.core.observations.tables import ObservationRow
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.identifiers import NAMESPACE
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.nomenclature.lookup import find, find_by_name, unit_from_ucum

AHEAD: Final = timedelta(minutes=5)
STATUSES: Final = {
    "final": MeasurementStatus.VALID,
    "preliminary": MeasurementStatus.EARLY_INDICATION,
    "error": MeasurementStatus.INVALID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewValue:
    """One measured value as a caller writes it."""

    mdc_code: str
    value: Decimal
    unit_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReading:
    """One reading: a value, or a code with components."""

    mdc_code: str
    single: NewValue | None
    components: Sequence[NewValue] = ()
    encounter_id: str | None = None
    observed_at: datetime | None = None
    sequence: int | None = None
    status: str = "final"


def parse_mdc_code(text: str) -> MdcCode:
    """A reference id (`MDC_...`) or a 32-bit number; InvalidError `unknown_mdc_code` otherwise."""
    term = find_by_name(text)
    if term is None:
        raise _unknown_code()
    return term.code


def record_reading(
    work: UnitOfWork, principal: Principal, device_id: str, reading: NewReading
) -> tuple[ObservationRow, bool]:
    """The stored reading and whether it is new.

    The same (device, sequence) again, or without a sequence the same code, values and given
    time, is the reading stored before. NotFoundError for a device or encounter that is not the
    caller's; ConflictError `device_not_active`; InvalidError for codes, units and times.
    """
    device = find_device(work, principal, device_id)
    if device.status not in (ACTIVE, OFFLINE):
        raise ConflictError("device_not_active", "Enrol the device first.")
    observed_at = reading.observed_at or work.now
    if observed_at > work.now + AHEAD:
        raise InvalidError("observed_at_ahead", "Send a time that is not in the future.")
    observation = _observation(device, reading, observed_at)
    existing = _stored(work, principal, observation.observation_id)
    if existing is not None:
        return existing, False
    origin = Origin(
        tenant_id=principal.tenant_id,
        device_id=device.device_id,
        gateway_id=None,
        vehicle_id=device.vehicle_id,
        captured_at=None,
        received_at=work.now,
        sequence=reading.sequence,
    )
    bound = _bound(work, principal, device, reading, observed_at)
    values = row_values(observation, origin, bound, value_flags(observation))
    is_new = insert_new(work, {0: values}).stored == 1
    device.last_seen_at = work.now
    device.status = ACTIVE
    row = _stored(work, principal, observation.observation_id)
    if row is None:
        raise AssertionError("a row inserted in this unit can be read in it")
    audit.record(work, principal, "create", "observation", f"obs_{row.observation_id.hex}")
    if is_new:
        _announce(work, row)
    return row, is_new


def _observation(
    device: DeviceRow, reading: NewReading, observed_at: datetime
) -> NumericObservation | CompoundNumericObservation:
    code = parse_mdc_code(reading.mdc_code)
    components = tuple(_quantity(item) for item in reading.components)
    if components:
        _check_components(code, components, has_value=reading.single is not None)
    single = None if reading.single is None else _quantity(reading.single)[1]
    system_id = system_id_of(device)
    observation = NumericObservation(
        observation_id=_identity(device, reading, code),
        type=code,
        observed_at=ObservedTime(observed_at, TimeQuality.RECEIVED),
        device=system_id,
        status=STATUSES[reading.status],
        value=single or components[0][1],
    )
    if not components:
        return observation
    return CompoundNumericObservation(
        observation_id=observation.observation_id,
        type=code,
        observed_at=observation.observed_at,
        device=system_id,
        status=observation.status,
        components=components,
    )


def _check_components(
    code: MdcCode, components: Sequence[tuple[MdcCode, Quantity]], *, has_value: bool
) -> None:
    allowed = [_name(part) for part in parts_of(code)]
    if not allowed:
        raise InvalidError(
            "invalid_components", "Send each value of this code as an observation of its own."
        )
    if has_value or not is_sensible(code, [part for part, _ in components]):
        raise InvalidError(
            "invalid_components",
            "Send the components of this panel only, each at most once, and no value beside them.",
            details={"allowed": allowed},
        )


def _name(code: MdcCode) -> str:
    term = find(code)
    return term.reference_id if term is not None else str(code.cf_code)


def _identity(device: DeviceRow, reading: NewReading, code: MdcCode) -> UUID:
    if reading.sequence is not None:
        return uuid5(NAMESPACE, f"api|{device.device_id}|sequence={reading.sequence}")
    if reading.observed_at is None:
        return uuid4()
    values = [reading.single] if reading.single else []
    content = ";".join(
        f"{item.mdc_code}={item.value} {item.unit_code}" for item in [*values, *reading.components]
    )
    return uuid5(
        NAMESPACE, f"api|{device.device_id}|{code}|{reading.observed_at.timestamp()}|{content}"
    )


def _quantity(item: NewValue) -> tuple[MdcCode, Quantity]:
    code = parse_mdc_code(item.mdc_code)
    unit = _unit(code, item.unit_code)
    return code, Quantity(item.value, unit)


def _unit(code: MdcCode, text: str) -> UnitCode:
    unit = unit_from_ucum(canonical_ucum(text))
    if unit is None or not judge(code, None, unit).unit_fits:
        details: dict[str, object] = {"allowed": list(allowed_units(code))}
        meant = suggested_ucum(text)
        if meant is not None:
            details["did_you_mean"] = meant
        raise InvalidError(
            "unit_mismatch",
            "Send the unit as one of the UCUM codes this measurement takes"
            + (f", here {meant}." if meant else "."),
            details=details,
        )
    return unit


def _bound(
    work: UnitOfWork,
    principal: Principal,
    device: DeviceRow,
    reading: NewReading,
    observed_at: datetime,
) -> Bound:
    if reading.encounter_id is not None:
        encounter = find_encounter(work, principal, reading.encounter_id)
        return Bound(encounter.encounter_id, is_late=encounter.status in CLOSED)
    if device.vehicle_id is None:
        return Bound(None)
    return bind_vehicle(work, principal, device.vehicle_id)(observed_at)


def _stored(work: UnitOfWork, principal: Principal, identity: UUID) -> ObservationRow | None:
    return work.session.scalars(
        scoped(principal, ObservationRow).where(ObservationRow.observation_id == identity)
    ).one_or_none()


def _announce(work: UnitOfWork, row: ObservationRow) -> None:
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=EVENT_RECORDED,
        resource_type="device",
        resource_id=row.device_id,
        data={
            "vehicle_id": row.vehicle_id,
            "stored": 1,
            "encounter_ids": [row.encounter_id] if row.encounter_id else [],
        },
    )


def _unknown_code() -> InvalidError:
    return InvalidError(
        "unknown_mdc_code", "Send a reference id MDC_... or a 32-bit code of ISO/IEEE 11073-10101."
    )
