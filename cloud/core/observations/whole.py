"""Everything one encounter holds, read in bulk: an hour is forty thousand rows.

The mapper would make an object a row and decode each value on its own; here rows are tuples, and
what repeats from row to row (codes, units, flags, supplements) is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from json import loads
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, DateTime, String, Text, cast, type_coerce

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


_TIMES: Final = ("observed_at", "captured_at", "received_at")
_SHARED: Final = (
    "row_id",
    "observation_id",
    "device_id",
    "gateway_id",
    "vehicle_id",
    "encounter_id",
    "type_cf",
    "unit_term",
    "status",
    "time_quality",
    "device_time_kind",
    "device_time",
)
_LISTS: Final = ("supplements", "flags")
_DECIMALS: Final = ("value", "scale", "offset")
_PLAIN: Final = ("kind", "value", "special", "components", "code_cf", "bits", "width", "text")
_WAVE: Final = ("samples", "scale", "offset", "period_us", "report_sequence")


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
    found: list[Found] = []
    for table, names, read in (
        (ObservationRow, _PLAIN, _plain),
        (WaveformRow, _WAVE, _wave),
    ):
        statement = (
            of_encounter(work, principal, table, encounter_id)
            .with_only_columns(*_columns(table, names))
            .order_by(table.observed_at, table.row_id)
        )
        # Past the session: it would look each row up among the objects it knows.
        rows = work.session.connection().execute(statement).all()
        with at_rest():
            found += [_stored(words, row, read) for row in rows]
    found.sort(key=_order)
    return [one for _, _, one in found]


def _columns(table: type[Measured], names: Sequence[str]) -> list[ColumnElement[Any]]:
    """Times, lists and decimals undecoded: they repeat, and are decoded once each."""
    times = [type_coerce(getattr(table, name), DateTime(timezone=True)) for name in _TIMES]
    shared = [getattr(table, name) for name in _SHARED]
    lists = [cast(getattr(table, name), Text) for name in _LISTS]
    more = [
        type_coerce(getattr(table, name), String) if name in _DECIMALS else getattr(table, name)
        for name in names
    ]
    return [*times, *shared, *lists, *more]


def _aware(at: datetime) -> datetime:
    """In UTC; what has no zone came from SQLite, which keeps UTC without one."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _order(found: Found) -> tuple[datetime, int]:
    return found[0], found[1]


def _stored(
    words: Words,
    row: Any,  # noqa: ANN401 - a row of the columns above
    read: Callable[[Words, Mapping[str, Any], tuple[Any, ...]], Observation],
) -> Found:
    (
        observed,
        captured_at,
        received_at,
        row_id,
        observation_id,
        device_id,
        gateway_id,
        vehicle_id,
        encounter_id,
        type_cf,
        unit_term,
        status,
        quality,
        kind,
        stamp,
        supplements,
        flags,
        *more,
    ) = row
    observed_at = _aware(observed)
    shared = {
        "observation_id": observation_id,
        "type": words.codes[type_cf],
        "observed_at": ObservedTime(
            observed_at,
            words.qualities[quality],
            None if kind is None or stamp is None else DeviceTime(kind, stamp),
        ),
        "device": words.devices[device_id],
        "status": words.statuses[status],
        "supplements": words.supplements[supplements],
    }
    observation = read(words, shared, (unit_term, *more))
    return (
        observed_at,
        row_id,
        StoredObservation(
            observation=observation,
            device_id=device_id,
            gateway_id=gateway_id,
            vehicle_id=vehicle_id,
            encounter_id=encounter_id,
            captured_at=None if captured_at is None else words.times[captured_at],
            received_at=words.times[received_at],
            flags=words.flags[flags],
        ),
    )


def _plain(words: Words, shared: Mapping[str, Any], more: tuple[Any, ...]) -> Observation:
    unit_term, kind, value, special, components, code_cf, bits, width, text = more
    match kind:
        case "numeric":
            number = words.decimals[value] if value is not None else SpecialValue(special)
            return NumericObservation(**shared, value=Quantity(number, words.units[unit_term]))
        case "compound":
            return CompoundNumericObservation(
                **shared,
                components=tuple(
                    (
                        words.codes[code],
                        quantity_of(
                            unit, None if digits is None else words.decimals[digits], special
                        ),
                    )
                    for code, unit, digits, special in components or []
                ),
            )
        case "coded":
            return CodedObservation(**shared, value=words.codes[code_cf or 0])
        case "bits":
            return BitsObservation(**shared, bits=bits or 0, width=width or 0)
        case _:
            return TextObservation(**shared, text=text or "")


def _wave(words: Words, shared: Mapping[str, Any], more: tuple[Any, ...]) -> Observation:
    unit_term, samples, scale, offset, period_us, sequence = more
    return SampleArrayObservation(
        **shared,
        samples=samples,
        scale=words.decimals[scale],
        offset=words.decimals[offset],
        period_us=period_us,
        unit=words.units[unit_term],
        sequence=sequence,
    )
