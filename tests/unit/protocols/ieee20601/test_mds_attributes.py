"""What an agent's MDS says of its device is what its description says."""

from __future__ import annotations

from datetime import UTC, datetime

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_clock import AgentClock
from protocols.ieee20601.attributes import AttributeValue, find
from protocols.ieee20601.mds_attributes import mds_attributes
from protocols.ieee20601.policies import MdsDescription
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID
from tests.unit.protocols.ieee20601.pair import describe, local_clock

UTC_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def told(mds: MdsDescription) -> tuple[AttributeValue, ...]:
    return mds_attributes(
        mds, AgentClock(mds), system_id=SystemId(AGENT_ID), config_id=0x4001, utc=UTC_NOW
    )


def test_identity_configuration_and_clock_are_told() -> None:
    attributes = told(describe())
    assert find(attributes, at.SYS_ID) == SystemId(AGENT_ID)
    assert find(attributes, at.DEV_CONFIG_ID) == 0x4001
    model = find(attributes, at.ID_MODEL)
    assert model is not None
    assert model.texts == ("Acme", "OX-2")
    serial, firmware = find(attributes, at.ID_PROD_SPECN) or ()
    assert (serial.spec_type, serial.text) == (1, "4711")
    assert (firmware.spec_type, firmware.text) == (5, "1.2")
    time = find(attributes, at.TIME_ABS)
    assert time is not None
    assert time.at == local_clock(UTC_NOW)
    assert find(attributes, at.TIME_BO) is None


def test_a_base_offset_clock_is_told_beside_the_local_one() -> None:
    mds = MdsDescription(manufacturer="A", model="B", clock=local_clock, offset_minutes=120)
    base = find(told(mds), at.TIME_BO)
    assert base is not None
    assert base.offset_minutes == 120


def test_what_a_device_has_not_is_not_told() -> None:
    attributes = told(MdsDescription(manufacturer="A", model="B"))
    kinds = {item.attribute_id for item in attributes}
    assert kinds == {kind.attribute_id for kind in (
        at.SYS_TYPE_SPEC_LIST, at.ID_MODEL, at.SYS_ID, at.DEV_CONFIG_ID
    )}  # fmt: skip
