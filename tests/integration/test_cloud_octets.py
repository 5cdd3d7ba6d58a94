"""Every observation says where the gateway's recorder keeps the octets it was decoded from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from cloud.core.encounters.uplink import record_uplink
from cloud.core.observations.tables import ObservationRow, WaveformRow
from protocols.uplink.codec import decode_batch, encode_batch
from protocols.uplink.messages import UplinkBatch
from tests.fixtures.api_session import Session
from tests.fixtures.cloud import START, Installation, batch, numeric, waveform

PLACE = "7c1e-12@222+58"


def sent_with(cloud: Installation, *places: str) -> UplinkBatch:
    """A number and a waveform, each with its place, once over the wire and back."""
    plain = batch(cloud.mine, [numeric("97", START), waveform(START)])
    rows = [replace(row, octets=place) for row, place in zip(plain.rows, places, strict=True)]
    return decode_batch(encode_batch(replace(plain, rows=tuple(rows))))


def record(cloud: Installation, sent: UplinkBatch) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        assert record_uplink(work, cloud.mine.gateway, sent).stored == 2


def places_of(cloud: Installation) -> list[str | None]:
    with cloud.database.reading(now=cloud.clock()) as work:
        numbers = work.session.scalars(select(ObservationRow.octets))
        waveforms = work.session.scalars(select(WaveformRow.octets))
        return [*numbers, *waveforms]


def test_a_place_is_kept_with_numbers_and_waveforms(cloud: Installation) -> None:
    record(cloud, sent_with(cloud, PLACE, "7c1e-12@280+400"))
    assert places_of(cloud) == [PLACE, "7c1e-12@280+400"]


@pytest.mark.parametrize("odd", ["", "x" * 65, "a\x00b", "\u20ac"])
def test_a_place_that_no_column_can_hold_costs_no_reading(cloud: Installation, odd: str) -> None:
    sent = batch(cloud.mine, [numeric("97", START), waveform(START)])
    rows = tuple(replace(row, octets=odd) for row in sent.rows)
    record(cloud, replace(sent, rows=rows))
    assert places_of(cloud) == [None, None]


async def test_the_observation_api_shows_it(cloud: Installation) -> None:
    record(cloud, sent_with(cloud, PLACE, ""))
    with cloud.database.reading(now=cloud.clock()) as work:
        device_id = work.session.scalars(select(ObservationRow.device_id)).one()
    async with cloud.client() as client:
        session = Session(cloud, client, await cloud.headers(client))
        listed = await session.get(f"/api/v1/devices/{device_id}/observations")
    (shown,) = listed.json()["observations"]
    assert shown["octets"] == PLACE
