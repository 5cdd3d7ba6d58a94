"""The MDS: who a device is and what its clocks say at the moment of the Get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    MdsTimeInfo,
    ProductSpecification,
    SystemModel,
    TypeVersion,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.device_clock import (
    NO_CLOCK,
    Stamps,
    base_offset_utc,
    observe_time,
    read_stamps,
)
from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.mder.times import AbsoluteTime
from protocols.model.clock_mapping import DeviceStamp, map_stamp
from protocols.model.codes import MdcCode, SystemId
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.ieee20601.reports import DEVICE, LOCAL, RECEIVED


def test_identity_comes_from_model_and_production_facts() -> None:
    facts = read_mds(
        (
            at.ID_MODEL.of(SystemModel(b"Acme\0\0", b"OX-2")),
            at.ID_PROD_SPECN.of(
                (
                    ProductSpecification(1, 0, b"S123"),
                    ProductSpecification(3, 0, b"\0\0"),
                    ProductSpecification(4, 0, b"2.0\0"),
                    ProductSpecification(5, 0, b"1.02"),
                )
            ),
            at.SYS_TYPE_SPEC_LIST.of((TypeVersion(4100, 2),)),
            at.DEV_CONFIG_ID.of(0x0190),
        ),
        system_id=DEVICE,
        utc=RECEIVED,
    )
    info = facts.info
    assert (info.manufacturer, info.model, info.serial_number) == ("Acme", "OX-2", "S123")
    assert (info.firmware, info.software, info.hardware) == ("1.02", "2.0", "")
    assert info.specializations == ((MdcCode(8, 4100), 2),)
    assert info.system_id == DEVICE
    assert facts.config_id == 0x0190
    assert facts.notes == ()
    assert facts.clock == NO_CLOCK


def test_the_associated_identity_stays_when_the_mds_names_another() -> None:
    facts = read_mds((at.SYS_ID.of(SystemId(b"OTHER123")),), system_id=DEVICE, utc=RECEIVED)
    assert facts.info.system_id == DEVICE
    assert facts.notes == ("the MDS names another System-Id than the association",)


def test_broken_attributes_are_left_out_with_a_note() -> None:
    broken = AttributeValue(at.ID_MODEL.attribute_id, b"\1")
    facts = read_mds((broken, at.DEV_CONFIG_ID.of(1)), system_id=DEVICE, utc=RECEIVED)
    assert facts.info.model == ""
    assert facts.config_id == 1
    assert len(facts.notes) == 1


def test_the_offset_is_measured_against_the_gateways_time_of_the_answer() -> None:
    facts = read_mds((at.TIME_ABS.of(AbsoluteTime.of(LOCAL)),), system_id=DEVICE, utc=RECEIVED)
    (era,) = facts.clock.absolute
    assert (era.shown, era.read_at, era.began) == (LOCAL, RECEIVED, None)


def test_zero_clocks_are_no_clocks() -> None:
    facts = read_mds(
        (
            AttributeValue(at.TIME_ABS.attribute_id, bytes(8)),
            at.TIME_REL.of(0),
            at.TIME_REL_HI_RES.of(0),
            at.TIME_BO.of(BaseOffsetTime(0, 0, 0)),
        ),
        system_id=DEVICE,
        utc=RECEIVED,
    )
    assert facts.clock == NO_CLOCK


@pytest.mark.parametrize(
    ("manufacturer", "resolution", "tick_us"),
    [
        (b"Novo Nordisk A/S", 8000, 1_000_000),
        (b"Novo Nordisk A/S", 1, 125),
        (b"Acme", 8000, 125),
    ],
)
def test_a_tick_is_125_us_unless_the_device_is_known_to_count_otherwise(
    manufacturer: bytes, resolution: int, tick_us: int
) -> None:
    facts = read_mds(
        (
            at.ID_MODEL.of(SystemModel(manufacturer, b"")),
            at.MDS_TIME_INFO.of(MdsTimeInfo(0x2000, 0x1F00, 0xFFFFFFFF, 0, resolution, 0)),
            at.TIME_REL.of(1000),
        ),
        system_id=DEVICE,
        utc=RECEIVED,
    )
    anchor = facts.clock.relative
    assert anchor is not None
    assert anchor.tick_us == tick_us
    mapped = map_stamp(DeviceStamp.of_ticks(1008), anchor)
    assert mapped == RECEIVED + timedelta(microseconds=8 * tick_us)


def test_base_offset_times_count_from_1900() -> None:
    seconds = int((RECEIVED - datetime(1900, 1, 1, tzinfo=UTC)).total_seconds())
    assert base_offset_utc(BaseOffsetTime(seconds, 0x8000, 120)) == RECEIVED.replace(
        tzinfo=None, microsecond=500_000
    )
    facts = read_mds(
        (at.TIME_BO.of(BaseOffsetTime(seconds - 60, 0, 120)),), system_id=DEVICE, utc=RECEIVED
    )
    assert facts.clock.base_offset[0].ahead == timedelta(seconds=-60)
    stamps = read_stamps((at.TIME_STAMP_BO.of(BaseOffsetTime(seconds - 60, 0, 0)),), [])
    observed = observe_time(stamps, facts.clock, received_at=RECEIVED, stored=False)
    assert (observed.at, observed.quality) == (RECEIVED, TimeQuality.DEVICE)


def test_high_resolution_stamps_count_microseconds() -> None:
    facts = read_mds((at.TIME_REL_HI_RES.of(5_000_000),), system_id=DEVICE, utc=RECEIVED)
    stamps = read_stamps((at.TIME_STAMP_REL_HI_RES.of(4_000_000),), [])
    observed = observe_time(stamps, facts.clock, received_at=RECEIVED, stored=False)
    assert observed.at == RECEIVED - timedelta(seconds=1)


def test_a_stamp_at_the_edge_of_the_calendar_is_no_utc() -> None:
    facts = read_mds(
        (at.TIME_ABS.of(AbsoluteTime.of(LOCAL + timedelta(hours=10))),),
        system_id=DEVICE,
        utc=RECEIVED,
    )
    first_day = datetime(1, 1, 1)  # noqa: DTZ001  # the device's own timeline
    observed = observe_time(
        Stamps(absolute=first_day), facts.clock, received_at=RECEIVED, stored=False
    )
    assert observed.quality is TimeQuality.RECEIVED


def test_texts_of_odd_length_are_read_where_that_is_forgiven() -> None:
    odd = (
        at.ID_MODEL.of(SystemModel(b"Acme", b"OX2")),
        at.ID_PROD_SPECN.of((ProductSpecification(5, 0, b"1.0"),)),
    )
    facts = read_mds(odd, system_id=DEVICE, utc=RECEIVED)
    assert (facts.info.model, facts.info.firmware) == ("OX2", "1.0")
    assert [note.split(":")[0] for note in facts.notes] == ["tolerated odd-string"] * 2
    strict = read_mds(odd, system_id=DEVICE, utc=RECEIVED, tolerances=STRICT_TOLERANCES)
    assert (strict.info.model, strict.info.firmware) == ("", "")
    assert all("cannot be read" in note for note in strict.notes)
