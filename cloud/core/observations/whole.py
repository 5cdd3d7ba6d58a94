"""Everything one encounter holds, read in bulk: an hour is forty thousand rows.

The mapper would make an object a row and decode each value on its own; here rows are tuples, and
what repeats from row to row (codes, units, flags, supplements) is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from json import loads
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

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

    @staticmethod
    def identity(name: str | UUID) -> UUID:
        """An observation's id; SQLite keeps it as hexadecimal digits."""
        return name if isinstance(name, UUID) else UUID(int=int(name, 16))


_TIMES: Final = ("observed_at", "captured_at", "received_at")
_SHARED: Final = (
    *("row_id", "observation_id", "device_id", "gateway_id", "vehicle_id", "encounter_id"),
    *("type_cf", "unit_term", "status", "time_quality", "device_time_kind", "device_time"),
)
_LISTS: Final = ("supplements", "flags")
# The places of these columns in a row; what a table has of its own stands from `_MORE` on.
_CAPTURED, _RECEIVED = 1, 2
_ROW, _NAME, _DEVICE, _GATEWAY, _VEHICLE, _ENCOUNTER = range(3, 9)
_TYPE, _UNIT, _STATUS, _QUALITY, _KIND, _STAMP = range(9, 15)
_SUPPLEMENTS, _FLAGS, _MORE = range(15, 18)
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
    with at_rest():
        found = [
            *_points(words, _rows(work, principal, ObservationRow, encounter_id, _PLAIN)),
            *_waves(words, _rows(work, principal, WaveformRow, encounter_id, _WAVE)),
        ]
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
    """Times, lists and decimals undecoded: they repeat, and are decoded once each."""
    times = [type_coerce(getattr(table, name), DateTime(timezone=True)) for name in _TIMES]
    shared = [
        type_coerce(table.observation_id, String) if name == "observation_id" else column
        for name in _SHARED
        for column in (getattr(table, name),)
    ]
    lists = [cast(getattr(table, name), Text) for name in _LISTS]
    more = [
        type_coerce(getattr(table, name), String) if name in _DECIMALS else getattr(table, name)
        for name in names
    ]
    return [*times, *shared, *lists, *more]


def _aware(at: datetime) -> datetime:
    """In UTC; what has no zone came from SQLite, which keeps UTC without one."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _points(words: Words, rows: Sequence[Any]) -> Iterator[Found]:
    for row in rows:
        unit_term, form, value = row[_UNIT], row[_MORE], row[_MORE + 1]
        if form == "numeric" and value is not None:
            # Nearly all of them: made without a detour.
            at = _aware(row[0])
            observation: Observation = NumericObservation(
                observation_id=words.identity(row[_NAME]),
                type=words.codes[row[_TYPE]],
                observed_at=_observed(words, at, row),
                device=words.devices[row[_DEVICE]],
                status=words.statuses[row[_STATUS]],
                supplements=words.supplements[row[_SUPPLEMENTS]],
                value=Quantity(words.decimals[value], words.units[unit_term]),
            )
        else:
            at = _aware(row[0])
            observation = _plain(words, _shared(words, at, row), row[_UNIT], *row[_MORE:])
        yield at, row[_ROW], _stored(words, row, observation)


def _waves(words: Words, rows: Sequence[Any]) -> Iterator[Found]:
    for row in rows:
        at = _aware(row[0])
        samples, scale, offset, period_us, sequence = row[_MORE:]
        observation = SampleArrayObservation(
            observation_id=words.identity(row[_NAME]),
            type=words.codes[row[_TYPE]],
            observed_at=_observed(words, at, row),
            device=words.devices[row[_DEVICE]],
            status=words.statuses[row[_STATUS]],
            supplements=words.supplements[row[_SUPPLEMENTS]],
            samples=samples,
            scale=words.decimals[scale],
            offset=words.decimals[offset],
            period_us=period_us,
            unit=words.units[row[_UNIT]],
            sequence=sequence,
        )
        yield at, row[_ROW], _stored(words, row, observation)


def _observed(words: Words, at: datetime, row: Any) -> ObservedTime:  # noqa: ANN401 - a row of the columns above
    kind, stamp = row[_KIND], row[_STAMP]
    told = None if kind is None or stamp is None else DeviceTime(kind, stamp)
    return ObservedTime(at, words.qualities[row[_QUALITY]], told)


def _shared(words: Words, at: datetime, row: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {
        "observation_id": words.identity(row[_NAME]),
        "type": words.codes[row[_TYPE]],
        "observed_at": _observed(words, at, row),
        "device": words.devices[row[_DEVICE]],
        "status": words.statuses[row[_STATUS]],
        "supplements": words.supplements[row[_SUPPLEMENTS]],
    }


def _stored(words: Words, row: Any, observation: Observation) -> StoredObservation:  # noqa: ANN401 - as above
    captured_at = row[_CAPTURED]
    return StoredObservation(
        observation=observation,
        device_id=row[_DEVICE],
        gateway_id=row[_GATEWAY],
        vehicle_id=row[_VEHICLE],
        encounter_id=row[_ENCOUNTER],
        captured_at=None if captured_at is None else words.times[captured_at],
        received_at=words.times[row[_RECEIVED]],
        flags=words.flags[row[_FLAGS]],
    )


def _plain(
    words: Words,
    shared: Mapping[str, Any],
    unit_term: int | None,
    form: str,
    value: str | None,
    special: str | None,
    components: Sequence[Any] | None,
    code_cf: int | None,
    bits: int | None,
    width: int | None,
    text: str | None,
) -> Observation:
    match form:
        case "numeric":
            number = SpecialValue(special) if value is None else words.decimals[value]
            return NumericObservation(**shared, value=Quantity(number, words.units[unit_term]))
        case "compound":
            parts = tuple(
                (
                    words.codes[code],
                    quantity_of(unit, None if digits is None else words.decimals[digits], odd),
                )
                for code, unit, digits, odd in components or ()
            )
            return CompoundNumericObservation(**shared, components=parts)
        case "coded":
            return CodedObservation(**shared, value=words.codes[code_cf or 0])
        case "bits":
            return BitsObservation(**shared, bits=bits or 0, width=width or 0)
        case _:
            return TextObservation(**shared, text=text or "")
