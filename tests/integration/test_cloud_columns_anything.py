"""Whatever readings there are: in columns they are stored, refused and bound as row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from cloud.core.encounters.tables import EncounterRow
from protocols.model.codes import MdcCode, SystemId
from protocols.model.observation import Observation
from protocols.model.timestamps import DeviceTime
from protocols.uplink.messages import UplinkBatch, UplinkRow
from tests.fixtures import strategies
from tests.fixtures.cloud import START, Installation, batch
from tests.integration.test_cloud_columns import in_columns, record, stored
from tests.integration.test_cloud_recording import open_encounter

TABLES = ("observations", "waveforms", "uplink_streams", "device_descriptions")
EPOCHS = count(1)
DEVICES = st.sampled_from([SystemId(b"OX123456"), SystemId(b"MON-1")])
CODES = st.sampled_from([MdcCode(2, 19384), MdcCode(2, 18458), MdcCode(2, 18948)])
NEAR = st.integers(-7_200_000, 7_200_000).map(lambda ms: START + timedelta(milliseconds=ms))


def as_told(
    reading: Observation, device: SystemId | None, code: MdcCode | None, at: datetime
) -> Observation:
    """A reading of this device, code and time; of its own device and time where none is told."""
    told = replace(reading, type=code or reading.type)
    if device is None:
        return told
    stamp = reading.observed_at.device_time
    if stamp is not None:
        # A device that is heard more than once keeps its time, an hour behind.
        stamp = DeviceTime.absolute((at - timedelta(hours=1)).replace(tzinfo=None))
    observed_at = replace(reading.observed_at, at=at, device_time=stamp)
    return replace(told, device=device, observed_at=observed_at)


READINGS = st.builds(
    as_told,
    strategies.observations,
    st.none() | DEVICES,
    st.none() | CODES,
    NEAR,
)
CAPTURED = st.tuples(READINGS, NEAR | strategies.times, st.sampled_from(["", "r@4096+58", "\n"]))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=st.lists(CAPTURED, min_size=1, max_size=12), twice=st.booleans())
def test_anything_in_columns_is_stored_as_row_by_row(
    cloud: Installation, told: list[tuple[Observation, datetime, str]], *, twice: bool
) -> None:
    open_once(cloud)
    rows = [
        UplinkRow(sequence=number, captured_at=captured, content=reading, octets=octets)
        for number, (reading, captured, octets) in enumerate(told * (1 + twice), 1)
    ]
    sent = replace(batch(cloud.mine, [], boot_epoch=next(EPOCHS)), rows=tuple(rows))
    travelled = in_columns(sent)
    ack, by_rows = taken(cloud, sent)
    assert taken(cloud, travelled) == (ack, by_rows)
    assert ack[0] + ack[1] + len(ack[2]) == len(rows)


def open_once(cloud: Installation) -> None:
    """The vehicle is in an encounter."""
    with cloud.database.reading(now=cloud.clock()) as work:
        is_open = work.session.scalars(select(EncounterRow)).first() is not None
    if not is_open:
        open_encounter(cloud)


def taken(
    cloud: Installation, sent: UplinkBatch
) -> tuple[tuple[int, int, Sequence[object]], list[dict[str, object]]]:
    """What was said of a batch and what is stored of it, in a store that held nothing before."""
    with cloud.database.begin(now=cloud.clock()) as work:
        for table in TABLES:
            work.session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of our own schema
    ack = record(cloud, sent)
    return (ack.stored, ack.repeated, ack.rejected), stored(cloud)
