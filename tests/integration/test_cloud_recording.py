"""Batches into rows: once each, flagged where odd, bound to their encounter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters import handing_over
from cloud.core.encounters import service as encounters
from cloud.core.encounters.gathering import gather_handover
from cloud.core.encounters.service import NewEncounter
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.errors import ForbiddenError, InvalidError
from cloud.core.observations import queries
from cloud.core.observations.tables import ObservationRow, WaveformRow
from cloud.db.errors import StorageFaultError
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    Observation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.uplink.messages import RejectedRow, UplinkAck, UplinkBatch
from tests.fixtures.cloud import (
    DEFIBRILLATOR,
    OXIMETER,
    START,
    VEHICLE,
    Installation,
    batch,
    device_info,
    numeric,
    waveform,
)

pytestmark = pytest.mark.long_on_postgresql


def record(cloud: Installation, sent: UplinkBatch) -> UplinkAck:
    with cloud.database.begin(now=cloud.clock()) as work:
        return record_uplink(work, cloud.mine.gateway, sent)


def open_encounter(
    cloud: Installation, *, started_at: datetime = START, incident: str = "INC-1"
) -> str:
    wanted = NewEncounter(
        care_model="prehospital_emergency",
        vehicle_id=VEHICLE,
        crew_ids=("crew-1",),
        cad_incident_id=incident,
        started_at=started_at,
    )
    with cloud.database.begin(now=cloud.clock()) as work:
        row, _ = encounters.create(work, cloud.mine.caller, cloud.parts.vault, wanted)
        return row.encounter_id


def flags_of(cloud: Installation) -> list[list[str]]:
    with cloud.database.reading(now=cloud.clock()) as work:
        statement = select(ObservationRow).order_by(ObservationRow.row_id)
        return [row.flags for row in work.session.scalars(statement)]


def encounter_of(cloud: Installation) -> list[str | None]:
    with cloud.database.reading(now=cloud.clock()) as work:
        statement = select(ObservationRow.encounter_id).order_by(ObservationRow.observed_at)
        return list(work.session.scalars(statement))


def every_kind() -> list[Observation]:
    first = numeric("97.50", START)
    at = first.observed_at
    return [
        first,
        numeric(SpecialValue.NRES, START + timedelta(seconds=1)),
        CompoundNumericObservation(
            observation_id=uuid4(),
            type=MdcCode(2, 18948),
            observed_at=at,
            device=OXIMETER,
            components=(
                (MdcCode(2, 18949), Quantity(Decimal("16.00"), UnitCode(3843))),
                (MdcCode(2, 18950), Quantity(SpecialValue.NAN, UnitCode(3843))),
            ),
            status=MeasurementStatus.QUESTIONABLE | MeasurementStatus.EARLY_INDICATION,
            supplements=(MdcCode(2, 19508),),
        ),
        CodedObservation(
            observation_id=uuid4(),
            type=MdcCode(2, 100),
            observed_at=at,
            device=OXIMETER,
            value=MdcCode(3, 3198),
        ),
        BitsObservation(
            observation_id=uuid4(),
            type=MdcCode(2, 101),
            observed_at=at,
            device=OXIMETER,
            bits=0x8001,
            width=16,
        ),
        TextObservation(
            observation_id=uuid4(),
            type=MdcCode(2, 102),
            observed_at=at,
            device=OXIMETER,
            text="Grüße, ROSC",
        ),
        waveform(START, count=3, samples=b"\x01\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x80"),
    ]


def test_every_kind_of_observation_comes_back_as_it_went_in(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    sent = every_kind()
    ack = record(cloud, batch(cloud.mine, list(sent)))
    assert (ack.stored, ack.repeated, ack.rejected) == (7, 0, ())
    with cloud.database.reading(now=cloud.clock()) as work:
        held = queries.encounter_observations(work, cloud.mine.caller, encounter)
    assert {one.observation for one in held} == set(sent)
    assert str(held[0].observation.observed_at.at.tzinfo) == "UTC"
    assert all(one.captured_at == START and one.received_at == START for one in held)


def test_the_same_batch_again_stores_nothing_and_is_acknowledged_all_the_same(
    cloud: Installation,
) -> None:
    sent = batch(cloud.mine, [device_info(), *every_kind()])
    assert record(cloud, sent).stored == 8
    for _ in range(3):
        again = record(cloud, replace(sent, batch_id=uuid4()))
        assert (again.stored, again.repeated, again.rejected) == (0, 8, ())
    assert cloud.rows() == (6, 1)


def test_a_repeat_inside_one_batch_is_one_row(cloud: Installation) -> None:
    ack = record(cloud, batch(cloud.mine, [numeric("97", START)] * 5))
    assert (ack.stored, ack.repeated) == (1, 4)
    assert cloud.rows() == (1, 0)


def test_a_row_that_cannot_be_kept_is_named_and_holds_up_no_other(cloud: Installation) -> None:
    broken = waveform(START, samples=b"\x00\x00\x00")
    text = TextObservation(
        observation_id=uuid4(),
        type=MdcCode(2, 1),
        observed_at=numeric("1", START).observed_at,
        device=OXIMETER,
        text="a\x00b",
    )
    endless = waveform(START, period_us=2**63 - 1)
    ack = record(cloud, batch(cloud.mine, [broken, numeric("97", START), text, endless]))
    assert ack.stored == 1
    assert ack.rejected == (
        RejectedRow(sequence=1, reason="malformed_samples"),
        RejectedRow(sequence=3, reason="unstorable_text"),
        RejectedRow(sequence=4, reason="out_of_range"),
    )


def test_a_fault_of_the_store_rejects_no_row(cloud: Installation) -> None:
    """A schema out of step passes in time: the batch stays unacknowledged and comes again."""
    with cloud.database.engine.begin() as connection:
        connection.execute(sql("ALTER TABLE observations RENAME COLUMN time_quality TO mislaid"))
    with pytest.raises(StorageFaultError):
        record(cloud, batch(cloud.mine, [numeric("97", START)]))
    with cloud.database.engine.begin() as connection:
        connection.execute(sql("ALTER TABLE observations RENAME COLUMN mislaid TO time_quality"))
    assert record(cloud, batch(cloud.mine, [numeric("97", START)])).stored == 1


def test_two_different_rows_under_one_sequence_are_both_kept(cloud: Installation) -> None:
    sent = batch(cloud.mine, [numeric("97", START), numeric("98", START + timedelta(seconds=1))])
    clashing = replace(sent, rows=tuple(replace(row, sequence=9) for row in sent.rows))
    assert record(cloud, clashing).stored == 2


def test_a_gateway_cannot_send_another_gateways_batch(cloud: Installation) -> None:
    with pytest.raises(ForbiddenError, match="gateway_mismatch"):
        record(cloud, batch(cloud.other, [numeric("97", START)]))
    assert cloud.rows() == (0, 0)


@pytest.mark.parametrize("vehicle", ["", "A" * 65, "A\x00B", "A\nB"])
def test_a_batch_without_a_usable_vehicle_is_refused_whole(
    embedded: Installation, vehicle: str
) -> None:
    with pytest.raises(InvalidError, match="invalid_batch"):
        record(embedded, batch(embedded.mine, [numeric("97", START)], vehicle_id=vehicle))


def test_a_device_that_was_only_heard_is_discovered_and_its_data_kept(
    cloud: Installation,
) -> None:
    record(cloud, batch(cloud.mine, [device_info(firmware="1.2"), numeric("97", START)]))
    with cloud.database.reading(now=cloud.clock()) as work:
        device = work.session.scalars(select(DeviceRow)).one()
    assert (device.status, device.system_id) == ("discovered", OXIMETER.hex)
    assert (device.manufacturer, device.firmware) == ("Acme", "1.2")
    assert device.specializations == [[MdcCode(8, 4100).cf_code, 1]]
    assert device.vehicle_id == VEHICLE


def test_very_long_words_of_a_device_are_kept(cloud: Installation) -> None:
    info = DeviceInfo(system_id=OXIMETER, manufacturer="M" * 4000)
    assert record(cloud, batch(cloud.mine, [info])).stored == 1


def test_readings_belong_to_the_encounter_that_was_open_when_they_were_observed(
    cloud: Installation,
) -> None:
    first = open_encounter(cloud, started_at=START)
    cloud.clock.pass_(100)
    with cloud.database.begin(now=cloud.clock()) as work:
        handing_over.hand_over(
            work, cloud.mine.caller, first, facility_id="ED-1", received_by="nurse-1"
        )
    second = open_encounter(cloud, started_at=START + timedelta(seconds=200), incident="INC-2")
    times = [-1, 0, 99, 100, 150, 200, 250]
    readings = [numeric("97", START + timedelta(seconds=second_)) for second_ in times]
    cloud.clock.pass_(400)
    record(cloud, batch(cloud.mine, list(readings), captured_at=cloud.clock()))
    assert encounter_of(cloud) == [None, first, first, None, None, second, second]
    assert flags_of(cloud) == [[], ["late"], ["late"], [], [], [], []]


def test_a_new_encounter_claims_what_the_vehicle_measured_since_its_start(
    cloud: Installation,
) -> None:
    readings = [numeric("97", START + timedelta(seconds=second)) for second in (0, 10, 20)]
    record(cloud, batch(cloud.mine, [*readings, waveform(START + timedelta(seconds=15))]))
    theirs = numeric("60", START + timedelta(seconds=12), device=SystemId.parse("01" * 8))
    record(cloud, batch(cloud.mine, [theirs], vehicle_id="AMB-8", first_sequence=9))
    encounter = open_encounter(cloud, started_at=START + timedelta(seconds=10))
    assert encounter_of(cloud) == [None, encounter, None, encounter]
    with cloud.database.reading(now=cloud.clock()) as work:
        assert work.session.scalars(select(WaveformRow.encounter_id)).all() == [encounter]


def test_a_claim_leaves_a_later_encounters_time_alone(cloud: Installation) -> None:
    later = open_encounter(cloud, started_at=START + timedelta(seconds=50), incident="INC-2")
    with cloud.database.begin(now=START + timedelta(seconds=60)) as work:
        handing_over.hand_over(
            work, cloud.mine.caller, later, facility_id="ED-1", received_by="nurse-1"
        )
    readings = [numeric("97", START + timedelta(seconds=second)) for second in (10, 70)]
    record(cloud, batch(cloud.mine, list(readings)))
    earlier = open_encounter(cloud, started_at=START, incident="INC-1")
    assert encounter_of(cloud) == [earlier, None]


def test_a_reading_finds_its_encounter_however_many_came_since(cloud: Installation) -> None:
    opened = [
        open_encounter(cloud, started_at=START - timedelta(hours=hours), incident=f"INC-{hours}")
        for hours in range(15)
    ]
    for hours, encounter in enumerate(opened):
        ended_at = START - timedelta(hours=hours, minutes=-30)
        with cloud.database.begin(now=ended_at) as work:
            handing_over.hand_over(
                work, cloud.mine.caller, encounter, facility_id="ED-1", received_by="nurse-1"
            )
    times = [START - timedelta(hours=hours, minutes=-1) for hours in (0, 5, 12, 14, 20)]
    record(cloud, batch(cloud.mine, [numeric("97", at) for at in times]))
    assert encounter_of(cloud) == [None, opened[14], opened[12], opened[5], opened[0]]


@pytest.mark.parametrize("mark", [MeasurementStatus.TEST_DATA, MeasurementStatus.DEMO_DATA])
def test_test_and_demonstration_data_are_kept_and_charted_for_no_patient(
    cloud: Installation, mark: MeasurementStatus
) -> None:
    sent = [replace(one, status=one.status | mark) for one in every_kind()]
    before = open_encounter(cloud)
    assert record(cloud, batch(cloud.mine, list(sent))).stored == len(sent)
    after = open_encounter(cloud, incident="INC-2")
    with cloud.database.reading(now=cloud.clock()) as work:
        for encounter in (before, after):
            caller = cloud.mine.caller
            assert queries.encounter_observations(work, caller, encounter) == []
            assert queries.follow(work, caller, encounter, queries.Tail())[0] == []
            assert queries.latest(work, caller, encounter) == []
            assert queries.newest_numbers(work, caller, encounter, limit=9) == ([], 0)
            assert queries.counts(work, caller, encounter) == []
        (device,) = {row.device_id for row in work.session.scalars(select(ObservationRow))}
        series = queries.device_series(
            work, caller, device, since=None, type_cf=None, after=None, limit=9
        )
    assert series == []


def test_a_clock_fault_belongs_to_the_encounter_in_which_it_was_heard(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    record(cloud, batch(cloud.mine, [numeric("97", datetime(1970, 1, 1, tzinfo=UTC))]))
    assert encounter_of(cloud) == [encounter]


def test_missing_samples_show_as_one_gap(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    # 50 samples of 4 ms are 0.2 s: the chunks at 0.4 s and 0.6 s never came.
    starts = [0, 0.2, 0.8, 1.0]
    chunks = [waveform(START + timedelta(seconds=second)) for second in starts]
    record(cloud, batch(cloud.mine, list(reversed(chunks))))
    with cloud.database.reading(now=cloud.clock()) as work:
        gaps = queries.waveform_gaps(work, cloud.mine.caller, encounter)
    assert [(gap.samples, gap.from_at, gap.to_at) for gap in gaps] == [
        (100, START + timedelta(seconds=0.396), START + timedelta(seconds=0.8))
    ]


def test_a_follower_sees_each_row_once(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    record(cloud, batch(cloud.mine, [numeric("97", START), waveform(START)]))
    with cloud.database.reading(now=cloud.clock()) as work:
        first, tail = queries.follow(work, cloud.mine.caller, encounter, queries.Tail())
        none, same = queries.follow(work, cloud.mine.caller, encounter, tail)
    assert (len(first), none, same) == (2, [], tail)
    later = numeric("98", START + timedelta(seconds=1))
    record(cloud, batch(cloud.mine, [later], first_sequence=3))
    with cloud.database.reading(now=cloud.clock()) as work:
        new, _ = queries.follow(work, cloud.mine.caller, encounter, tail)
        newest = queries.latest(work, cloud.mine.caller, encounter)
        strangers = queries.latest(work, cloud.other.caller, encounter)
    assert [one.observation for one in new] == [later]
    assert [one.observation for one in newest] == [later]
    assert strangers == []


def test_counts_tell_what_each_device_gave(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    record(cloud, batch(cloud.mine, [numeric("97", START), waveform(START, count=25)]))
    with cloud.database.reading(now=cloud.clock()) as work:
        view = encounters.view(work, cloud.parts.vault, cloud.mine.caller, encounter)
    assert sorted((count.rows, count.samples) for count in view.counts) == [(1, 0), (1, 25)]
    assert {device.info.system_id for device in view.devices} == {OXIMETER, DEFIBRILLATOR}


def test_the_handover_holds_everything_in_time_order(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    readings = [numeric("97", START + timedelta(seconds=second)) for second in (5, 1, 3)]
    record(cloud, batch(cloud.mine, [device_info(), *readings, waveform(START)]))
    with cloud.database.begin(now=cloud.clock()) as work:
        handover = gather_handover(work, cloud.parts.vault, cloud.mine.caller, encounter, "full")
    at = [one.observation.observed_at.at for one in handover.observations]
    assert at == sorted(at)
    assert len(at) == 4
    assert handover.gateway_ids == (cloud.mine.gateway_id,)
    assert handover.tenant_name == "Mine"
    assert len(handover.patient_pseudonym) == 64
