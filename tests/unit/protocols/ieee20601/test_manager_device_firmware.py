"""A remembered configuration counts only for the firmware it was learnt from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import ProductSpecification
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.device_description import FIRMWARE_REVISION
from protocols.ieee20601.events import (
    AssociationEnded,
    ConfigurationDistrusted,
    DeviceDescribed,
    ObservationsReported,
)
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID, aarq, abrt, prst, sized
from tests.unit.protocols.ieee20601.exchange import Bench, spo2

AGENT = SystemId(AGENT_ID)
EXTENDED = build_configuration(0x4001, STANDARD_CONFIGURATIONS[0x0190].report.objects)


def firmware_answer(invoke_id: int, firmware: bytes) -> bytes:
    """An MDS that says its firmware revision only."""
    specification = at.ID_PROD_SPECN.of((ProductSpecification(FIRMWARE_REVISION, 0, firmware),))
    attribute = specification.attribute_id.to_bytes(2, "big") + sized(specification.octets)
    return prst(invoke_id, 0x0203, b"\0\0\0\1" + sized(attribute))


def associated(learnt_from: str) -> tuple[Bench, int]:
    """With what an earlier run learnt from that firmware; the invoke id of the Get."""
    remembered = replace(EXTENDED, firmware=learnt_from)
    bench = Bench(configurations=lambda _id, _config: remembered)
    written = bench.receive(aarq(config_id=0x4001))
    assert bench.is_in(State.OPERATING)
    return bench, int.from_bytes(written[-12:-10], "big")


def test_another_firmware_makes_us_ask_for_the_configuration() -> None:
    bench, get_id = associated("1.02")
    bench.report(1, spo2(98))
    bench.report(2, spo2(98, number=1), confirmed=False)
    bench.take_events()
    assert bench.receive(firmware_answer(get_id, b"2.00")) == abrt(0)
    distrusted, end = bench.take_events()  # what was read by the old one is not told
    assert distrusted == ConfigurationDistrusted(AGENT, 0x4001)
    assert isinstance(end, AssociationEnded)
    assert bench.receive(aarq(config_id=0x4001))[4:6] == b"\x00\x03"


@pytest.mark.parametrize(
    ("learnt_from", "firmware"), [("1.02", b"1.02"), ("", b"2.00"), ("1", b"")]
)
def test_the_same_firmware_or_none_named_leaves_it_trusted(
    learnt_from: str, firmware: bytes
) -> None:
    bench, get_id = associated(learnt_from)
    bench.report(1, spo2(98))
    bench.take_events()
    bench.receive(firmware_answer(get_id, firmware))
    kinds = [type(event) for event in bench.take_events()]
    assert kinds == [DeviceDescribed, ObservationsReported]
