"""Recording: rows in, each stored once, flagged where odd, rejected only when it cannot be kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DataError, IntegrityError

from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.conversion import Values, observation_values, waveform_values
from cloud.core.observations.keys import claim
from cloud.core.observations.months import note_months
from cloud.core.observations.panels import is_sensible
from cloud.core.observations.plausibility import judge
from cloud.core.observations.tables import PLACE_LENGTH, Measured, ObservationRow, WaveformRow
from cloud.db.base import DECIMAL_LENGTH, table_of
from cloud.db.copying import copy_rows
from protocols.model.observation import (
    BitsObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.nomenclature.lookup import find

FLAG_UNKNOWN_CODE: Final = "unknown_code"
FLAG_UNIT: Final = "unit_mismatch"
FLAG_COMPONENTS: Final = "component_mismatch"
FLAG_IMPLAUSIBLE: Final = "implausible"
FLAG_CLOCK: Final = "clock_fault"
FLAG_LATE: Final = "late"

CLOCK_AHEAD: Final = timedelta(minutes=5)
CLOCK_EPOCH_YEAR: Final = 2000
MAX_DEVICE_TIME: Final = 40
FIRST_SAFE_YEAR: Final = 2
LAST_SAFE_YEAR: Final = 9998
LARGEST: Final = 2**63 - 1
_INSERT_ROWS: Final = 500
_COPIED_ROWS: Final = 50
"""Fewer are inserted sooner than they are copied."""
IDENTITY: Final = ("observation_id", "tenant_id")

# Only these say that a row itself can never be stored. Any other fault of the database (a lock, a
# full disk, a schema out of step) passes: the batch stays unacknowledged and is sent again.
CONTENT_FAULTS: Final = (DataError, IntegrityError)


@dataclass(frozen=True, slots=True)
class Bound:
    """The encounter a reading belongs to; `is_late` when it was handed over before we heard."""

    encounter_id: str | None
    is_late: bool = False


UNCHARTED_STATUS: Final = (MeasurementStatus.TEST_DATA | MeasurementStatus.DEMO_DATA).value
"""Readings of a test or of a demonstration are kept for the device and charted for no patient."""


class Binding(Protocol):
    """From the device of a reading and the time it was observed to its encounter."""

    def __call__(self, device_id: str, observed_at: datetime, /) -> Bound:
        """Where a reading belongs."""
        ...

    def expect(self, device_ids: Iterable[str], /) -> None:
        """These devices will be asked about: what is known of them may be read together."""
        ...

    def is_steady(self, device_id: str, since: datetime, until: datetime, /) -> bool:
        """Whether it is the same for all times from the one to the other; False if in doubt."""
        ...


class UnstorableError(Exception):
    """One observation can never be a row; `reason` is the contract's word."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a row comes from: the columns that are no part of the observation."""

    tenant_id: str
    device_id: str
    gateway_id: str | None
    vehicle_id: str | None
    captured_at: datetime | None
    received_at: datetime
    stream: str | None = None
    boot_epoch: int | None = None
    sequence: int | None = None
    octets: str = ""


def check_time(at: datetime) -> None:
    """UnstorableError `out_of_range` for a time UTC cannot name, or that leaves no room after it.

    The first and the last hours of the calendar overflow as soon as one converts them or counts
    on from them.
    """
    if FIRST_SAFE_YEAR <= at.year <= LAST_SAFE_YEAR:
        return
    try:
        _ = at.astimezone(UTC) + CLOCK_AHEAD
    except OverflowError as exc:
        raise UnstorableError("out_of_range") from exc


def check_storable(observation: Observation) -> None:
    """UnstorableError when no column can hold the observation as it is."""
    check_time(observation.observed_at.at)
    device_time = observation.observed_at.device_time
    words = [device_time.kind, device_time.value] if device_time else []
    if any(len(word) > MAX_DEVICE_TIME or "\x00" in word for word in words):
        raise UnstorableError("malformed_device_time")
    if isinstance(observation, TextObservation) and "\x00" in observation.text:
        raise UnstorableError("unstorable_text")
    if isinstance(observation, BitsObservation) and not 0 <= observation.bits <= LARGEST:
        raise UnstorableError("out_of_range")
    if any(len(str(number)) > DECIMAL_LENGTH for number in _decimals(observation)):
        raise UnstorableError("out_of_range")
    if isinstance(observation, SampleArrayObservation):
        if len(observation.samples) % 4 or not observation.samples:
            raise UnstorableError("malformed_samples")
        if not 0 < observation.period_us <= LARGEST:
            raise UnstorableError("invalid_period")
        if observation.sequence is not None and not 0 <= observation.sequence <= LARGEST:
            raise UnstorableError("out_of_range")
        if not (observation.scale.is_finite() and observation.offset.is_finite()):
            raise UnstorableError("invalid_scale")
        _check_end(observation)


def _check_end(observation: SampleArrayObservation) -> None:
    try:
        _ = observation.observed_at.at + timedelta(
            microseconds=observation.period_us * observation.count
        )
    except OverflowError as exc:
        raise UnstorableError("out_of_range") from exc


def _decimals(observation: Observation) -> list[Decimal]:
    if isinstance(observation, SampleArrayObservation):
        return [observation.scale, observation.offset]
    if isinstance(observation, NumericObservation):
        quantities = [observation.value]
    elif isinstance(observation, CompoundNumericObservation):
        quantities = [quantity for _, quantity in observation.components]
    else:
        return []
    return [quantity.number for quantity in quantities if quantity.number is not None]


def gateway_flags(observation: Observation, captured_at: datetime) -> list[str]:
    """What is odd about a reading that a gateway sent; it is stored all the same."""
    flags = reading_flags(observation)
    if is_clock_fault(observation.observed_at.at, captured_at):
        flags.append(FLAG_CLOCK)
    return flags


def reading_flags(observation: Observation) -> list[str]:
    """What is odd about it whenever it was taken."""
    flags = [] if find(observation.type) is not None else [FLAG_UNKNOWN_CODE]
    flags += value_flags(observation)
    if isinstance(observation, CompoundNumericObservation) and not is_sensible(
        observation.type, [code for code, _ in observation.components]
    ):
        flags.append(FLAG_COMPONENTS)
    return flags


def value_flags(observation: Observation) -> list[str]:
    """What is odd about the values alone."""
    if isinstance(observation, NumericObservation):
        pairs = [(observation.type, observation.value)]
    elif isinstance(observation, CompoundNumericObservation):
        pairs = list(observation.components)
    else:
        return []
    judgements = [judge(code, quantity.number, quantity.unit) for code, quantity in pairs]
    flags = []
    if not all(one.unit_fits for one in judgements):
        flags.append(FLAG_UNIT)
    if not all(one.is_plausible for one in judgements):
        flags.append(FLAG_IMPLAUSIBLE)
    return flags


def is_clock_fault(observed_at: datetime, captured_at: datetime) -> bool:
    """Whether an observed time cannot be: ahead of its capture, or from before the century."""
    return observed_at > captured_at + CLOCK_AHEAD or observed_at.year < CLOCK_EPOCH_YEAR


def row_values(
    observation: Observation, origin: Origin, bound: Bound, flags: Sequence[str]
) -> tuple[type[Measured], Values]:
    """The table an observation belongs to and its columns."""
    words = [*flags, FLAG_LATE] if bound.is_late else list(flags)
    shared = {
        "tenant_id": origin.tenant_id,
        "device_id": origin.device_id,
        "gateway_id": origin.gateway_id,
        "vehicle_id": origin.vehicle_id,
        "encounter_id": bound.encounter_id,
        "captured_at": origin.captured_at,
        "received_at": origin.received_at,
        "stream": origin.stream,
        "boot_epoch": origin.boot_epoch,
        "sequence": origin.sequence,
        "octets": place_of(origin.octets),
        "flags": words,
    }
    if isinstance(observation, SampleArrayObservation):
        return WaveformRow, waveform_values(observation) | shared
    return ObservationRow, observation_values(observation) | shared


def place_of(octets: str) -> str | None:
    """A place that no column can hold leads nowhere; the reading is kept all the same."""
    fits = len(octets) <= PLACE_LENGTH and octets.isascii() and octets.isprintable()
    return octets if octets and fits else None


@dataclass(frozen=True, slots=True)
class Inserted:
    """How many rows were new, and which (by key) the database refused for good."""

    stored: int
    refused: tuple[int, ...] = ()


def insert_new(work: UnitOfWork, rows: Mapping[int, tuple[type[Measured], Values]]) -> Inserted:
    """Insert rows by key, leaving those whose observation is stored already.

    All together first; when the database refuses one for its content, each by itself, so that one
    bad row holds up no other.
    """
    try:
        with work.session.begin_nested():
            return Inserted(sum(_insert_many(work, rows.values())))
    except CONTENT_FAULTS:
        return _insert_each(work, rows)


def _insert_many(work: UnitOfWork, rows: Iterable[tuple[type[Measured], Values]]) -> Iterator[int]:
    by_table: dict[type[Measured], list[Values]] = {}
    charted = []
    for table, values in rows:
        by_table.setdefault(table, []).append(values)
        if values["encounter_id"] is not None:
            charted.append((values["encounter_id"], values["observed_at"]))
    note_months(work, charted)
    for table, many in by_table.items():
        lot = len(many) if work.is_postgresql else _INSERT_ROWS
        for start in range(0, len(many), lot):
            yield _insert(work, table, many[start : start + lot])


def _insert_each(work: UnitOfWork, rows: Mapping[int, tuple[type[Measured], Values]]) -> Inserted:
    stored, refused = 0, []
    for key, (table, values) in rows.items():
        try:
            with work.session.begin_nested():
                stored += _insert(work, table, [values])
        except CONTENT_FAULTS:
            refused.append(key)
    return Inserted(stored, tuple(refused))


def _insert(work: UnitOfWork, table: type[Measured], many: list[Values]) -> int:
    """How many rows were new, all of one tenant: by their keys, or as the conflict rule counts."""
    connection = work.session.connection()
    if not work.is_postgresql:
        statement = sqlite_insert(table).on_conflict_do_nothing(index_elements=IDENTITY)
        result = connection.execute(statement, many, execution_options={"preserve_rowcount": True})
        return result.rowcount
    new = claim(work, table_of(table).name, many[0]["tenant_id"], many)
    if len(new) >= _COPIED_ROWS:
        copy_rows(connection, table_of(table), new)
    elif new:
        connection.execute(postgresql_insert(table), new)
    return len(new)
