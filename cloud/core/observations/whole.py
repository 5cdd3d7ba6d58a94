"""Everything one encounter holds, read in bulk: an hour is forty thousand rows.

The mapper would make an object a row and decode each value on its own; here rows are tuples, and
what repeats from row to row (codes, units, flags, supplements) is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from json import loads
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, String, Text, cast, type_coerce

from cloud.core.kernel.collector import at_rest
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.conversion import quantity_of
from cloud.core.observations.months import of_encounter
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

K = TypeVar("K")
V = TypeVar("V")
Found = tuple[datetime, int, StoredObservation]
"""When, the row's number, and the reading: the first two order them."""

_Stamp = tuple[str | datetime, str, str | None, str | None]
"""Observed time, its quality, and kind and value of the device's own stamp."""


class _Made(dict[K, V], Generic[K, V]):
    """What was made of each key so far."""

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self[key] = self._make(key)
        return value


class Words:
    """What repeats among the rows of one encounter."""

    def __init__(self, devices: Callable[[str], SystemId]) -> None:
        self.codes = _Made(MdcCode.from_cf_code)
        self.units = _Made[int | None, UnitCode](lambda term: UnitCode(term or 0))
        self.statuses = _Made(MeasurementStatus)
        self.qualities = _Made(TimeQuality)
        self.devices = _Made(devices)
        self.supplements = _Made[str, tuple[MdcCode, ...]](
            lambda text: tuple(MdcCode.from_cf_code(code) for code in loads(text))
        )
        self.flags = _Made[str, tuple[str, ...]](lambda text: tuple(loads(text)))
        self.decimals = _Made[str, Decimal](Decimal)
        self.times = _Made(_aware)
        self.stamps = _Made(self._stamp)

    def _stamp(self, told: _Stamp) -> ObservedTime:
        at, quality, kind, value = told
        stamp = None if kind is None or value is None else DeviceTime(kind, value)
        return ObservedTime(self.times[at], self.qualities[quality], stamp)

    @staticmethod
    def identity(name: str | UUID) -> UUID:
        """An observation's id; SQLite keeps it as hexadecimal digits."""
        return name if isinstance(name, UUID) else UUID(int=int(name, 16))


_SHARED: Final = (
    *("observed_at", "captured_at", "received_at", "row_id", "observation_id", "device_id"),
    *("gateway_id", "vehicle_id", "type_cf", "unit_term", "status", "time_quality"),
    *("device_time_kind", "device_time", "supplements", "flags"),
)
_PLAIN: Final = ("kind", "value", "special", "components", "code_cf", "bits", "width", "text")
_WAVE: Final = ("samples", "scale", "offset", "period_us", "report_sequence")
_TIMES: Final = ("observed_at", "captured_at", "received_at")
_DIGITS: Final = ("observation_id", "value", "scale", "offset")
_LISTS: Final = ("supplements", "flags")


def whole_encounter(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    devices: Callable[[str], SystemId],
) -> list[StoredObservation]:
    """Every reading in time order, waveforms among the rest; equal times by row number.

    `devices` gives the System-Id of a device by its public id.
    """
    words = Words(devices)
    with at_rest():
        plain = _rows(work, principal, ObservationRow, encounter_id, _PLAIN)
        found = _found(words, encounter_id, plain, _point)
        waves = _rows(work, principal, WaveformRow, encounter_id, _WAVE)
        found += _found(words, encounter_id, waves, _wave)
    found.sort(key=itemgetter(0, 1))
    return [one for _, _, one in found]


def _rows(
    work: UnitOfWork,
    principal: Principal,
    table: type[Measured],
    encounter_id: str,
    names: Sequence[str],
) -> Sequence[Any]:
    statement = (
        of_encounter(work, principal, table, encounter_id)
        .with_only_columns(*_columns(table, names))
        .order_by(table.observed_at, table.row_id)
    )
    # Past the session: it would look each row up among the objects it knows.
    return work.session.connection().execute(statement).all()


def _columns(table: type[Measured], names: Sequence[str]) -> list[ColumnElement[Any]]:
    """The columns of `_SHARED`, then those of `names`.

    Times, lists and decimals come undecoded where the database has them as text: they repeat, and
    are decoded once each.
    """
    return [_column(table, name) for name in (*_SHARED, *names)]


def _column(table: type[Measured], name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = getattr(table, name)
    if name in _LISTS:
        return cast(column, Text)
    return type_coerce(column, String) if name in (*_TIMES, *_DIGITS) else column


def _aware(at: str | datetime) -> datetime:
    """In UTC; SQLite keeps it as text and without a zone."""
    if isinstance(at, str):
        return datetime.fromisoformat(at).replace(tzinfo=UTC)
    return at.astimezone(UTC)


def _found(
    words: Words, encounter_id: str, rows: Sequence[Any], make: Callable[..., Observation]
) -> list[Found]:
    """Each row as a reading; `make` makes the observation of what its table has of its own."""
    found: list[Found] = []
    # fmt: off
    for (
        observed_at, captured_at, received_at, row_id, name, device_id, gateway_id, vehicle_id,
        type_cf, unit_term, status, quality, stamp_kind, stamp, supplements, flags, *more,
    ) in rows:
        # fmt: on
        observed = words.stamps[observed_at, quality, stamp_kind, stamp]
        observation = make(
            words,
            words.identity(name),
            words.codes[type_cf],
            observed,
            words.devices[device_id],
            words.statuses[status],
            words.supplements[supplements],
            words.units[unit_term],
            *more,
        )
        reading = StoredObservation(
            observation=observation,
            device_id=device_id,
            gateway_id=gateway_id,
            vehicle_id=vehicle_id,
            encounter_id=encounter_id,
            captured_at=None if captured_at is None else words.times[captured_at],
            received_at=words.times[received_at],
            flags=words.flags[flags],
        )
        found.append((observed.at, row_id, reading))
    return found


def _wave(
    words: Words,
    identity: UUID,
    code: MdcCode,
    observed: ObservedTime,
    device: SystemId,
    status: MeasurementStatus,
    supplements: tuple[MdcCode, ...],
    unit: UnitCode,
    samples: bytes,
    scale: str,
    offset: str,
    period_us: int,
    sequence: int | None,
) -> SampleArrayObservation:
    return SampleArrayObservation(
        observation_id=identity,
        type=code,
        observed_at=observed,
        device=device,
        status=status,
        supplements=supplements,
        samples=samples,
        scale=words.decimals[scale],
        offset=words.decimals[offset],
        period_us=period_us,
        unit=unit,
        sequence=sequence,
    )


def _point(
    words: Words,
    identity: UUID,
    code: MdcCode,
    observed: ObservedTime,
    device: SystemId,
    status: MeasurementStatus,
    supplements: tuple[MdcCode, ...],
    unit: UnitCode,
    form: str,
    value: str | None,
    special: str | None,
    components: Sequence[Any] | None,
    code_cf: int | None,
    bits: int | None,
    width: int | None,
    text: str | None,
) -> Observation:
    if form == "numeric" and value is not None:
        # Nearly all of them: made without a detour.
        return NumericObservation(
            observation_id=identity,
            type=code,
            observed_at=observed,
            device=device,
            status=status,
            supplements=supplements,
            value=Quantity(words.decimals[value], unit),
        )
    shared: dict[str, Any] = {
        "observation_id": identity,
        "type": code,
        "observed_at": observed,
        "device": device,
        "status": status,
        "supplements": supplements,
    }
    match form:
        case "numeric":
            return NumericObservation(**shared, value=Quantity(SpecialValue(special), unit))
        case "compound":
            parts = tuple(
                (
                    words.codes[part],
                    quantity_of(term, None if digits is None else words.decimals[digits], odd),
                )
                for part, term, digits, odd in components or ()
            )
            return CompoundNumericObservation(**shared, components=parts)
        case "coded":
            return CodedObservation(**shared, value=words.codes[code_cf or 0])
        case "bits":
            return BitsObservation(**shared, bits=bits or 0, width=width or 0)
        case _:
            return TextObservation(**shared, text=text or "")
