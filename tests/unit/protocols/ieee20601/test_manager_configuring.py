"""How a manager associates: what it accepts, what it refuses and with which result."""

from __future__ import annotations

import pytest

from protocols.errors import RemoteProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.association import AssociateResult, Supported
from protocols.ieee20601.attribute_values import ValueMapEntry
from protocols.ieee20601.configuration import (
    Configuration,
    build_configuration,
    encode_configuration,
)
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import (
    Associated,
    AssociationEnded,
    ConfigurationDistrusted,
    ConfigurationReceived,
    ObservationsReported,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId, UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import AGENT, CONFIG, FIXED, Bench, spo2

OBJECTS = STANDARD_CONFIGURATIONS[0x0190].report.objects
EXTENDED = build_configuration(0x4001, OBJECTS)
EXTENDED_OCTETS = encode_configuration(EXTENDED)
GET_MDS = bytes.fromhex("e700000e000c 0000 0103 0006 0000 0000 0000")


def config_report(invoke_id: int, configuration: Configuration) -> bytes:
    return report(invoke_id, CONFIG, encode_configuration(configuration))


def config_answer(invoke_id: int, config_id: int, result: int) -> bytes:
    reply = config_id.to_bytes(2, "big") + result.to_bytes(2, "big")
    return prst(invoke_id, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1C 0004") + reply)


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        pytest.param(
            aarq(config_id=0x0190, protocol_version=0x08000000), 5, id="no version in common"
        ),
        pytest.param(aarq(config_id=0x0190, encoding=0x4000), 5, id="XER only"),
        pytest.param(aarq(config_id=0x0190, encoding=0x2000), 5, id="PER only"),
        pytest.param(aarq(config_id=0x0190, nomenclature=0), 5, id="nomenclature version 0"),
        pytest.param(aarq(config_id=0x0190, protocol_id=0xFFFF), 4, id="external protocol"),
        pytest.param(
            aarq(config_id=0x0190, assoc_version=0x40000000), 8, id="association version 2"
        ),
        pytest.param(aarq(config_id=0x0190, system_type=0x80000000), 1, id="a manager asks"),
        pytest.param(
            aarq(config_id=0x0190, system_type=0x80800000), 1, id="agent and manager at once"
        ),
        pytest.param(aarq(config_id=0x8001), 1, id="reserved configuration id"),
        pytest.param(aarq(config_id=0), 1, id="manager's configuration id"),
        pytest.param(aarq(config_id=0x0190, functional_units=0x60000000), 1, id="test association"),
        pytest.param(aarq(config_id=0x0190, system_id=b""), 1, id="no System-Id"),
    ],
)
def test_an_offer_we_cannot_take_is_refused_with_its_result(octets: bytes, result: int) -> None:
    bench = Bench()
    written = bench.receive(octets)
    assert written == bytes.fromhex("e3000006") + result.to_bytes(2, "big") + bytes(4)
    assert bench.is_in(State.UNASSOCIATED)
    assert bench.take_warnings() != []
    assert bench.manager.next_deadline() is None


REFUSALS = [result for result in AssociateResult if result not in (0, 3)]


@pytest.mark.parametrize("result", REFUSALS, ids=lambda result: result.name)
def test_a_device_that_is_not_admitted_is_told_why_and_may_ask_again(
    result: AssociateResult,
) -> None:
    answers = iter((result, AssociateResult.ACCEPTED))
    supported = Supported(admit=lambda _device: next(answers))
    bench = Bench(policy=ManagerPolicy(supported=supported))
    refused = bench.receive(aarq(config_id=0x0190))
    assert refused == bytes.fromhex("e3000006") + result.to_bytes(2, "big") + bytes(4)
    assert bench.receive(aarq(config_id=0x0190))[4:6] == b"\0\0"


def test_a_taken_test_association_is_answered_with_its_unit_alone() -> None:
    bench = Bench(policy=ManagerPolicy(supported=Supported(test_associations=True)))
    answer = bench.receive(aarq(config_id=0x0190, functional_units=0x60000000))
    assert answer[16:24].hex() == "80000000" + "20000000"


def test_an_offer_whose_system_id_lost_its_length_on_the_line_is_not_refused_for_good() -> None:
    offer = aarq(config_id=0x0190)
    assert offer[34:36] == b"\x00\x08"
    assert Bench().receive(offer[:34] + bytes(2) + offer[36:]) == b""


def test_after_a_refusal_a_good_offer_is_accepted() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190, encoding=0x4000))
    bench.operate()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (0x80000000, 0x80000000),
        (0xC0000000, 0x40000000),
        (0xE0000000, 0x20000000),
        (0xF0000000, 0x10000000),
        (0x40000000, 0x40000000),
        (0x88000000, 0x80000000),
    ],
)
def test_of_several_versions_the_highest_common_one_is_chosen(offered: int, chosen: int) -> None:
    bench = Bench()
    written = bench.receive(aarq(config_id=0x0190, protocol_version=offered))
    assert written[4:6] == b"\x00\x00"
    assert int.from_bytes(written[10:14], "big") == chosen


def test_only_the_encoding_we_speak_is_chosen() -> None:
    written = Bench().receive(aarq(config_id=0x0190, encoding=0xE000))
    assert written[14:16] == b"\x80\x00"


def test_a_device_that_could_test_but_does_not_ask_is_an_ordinary_one() -> None:
    bench = Bench()
    written = bench.receive(aarq(config_id=0x0190, functional_units=0x40000000))
    assert written[20:24] == bytes(4)
    assert bench.take_events() == [Associated(AGENT, 0x0190, known=True, test=False)]


def test_a_test_association_is_taken_where_allowed_and_its_data_are_flagged() -> None:
    bench = Bench(policy=ManagerPolicy(supported=Supported(test_associations=True)))
    bench.operate(functional_units=0x60000000)
    assert Associated(AGENT, 0x0190, known=True, test=True) in bench.take_events()
    bench.report(1, spo2(98))
    (observation,) = bench.take_observations()
    assert observation.status & MeasurementStatus.TEST_DATA


def test_a_known_configuration_operates_and_the_mds_is_read() -> None:
    bench = Bench(first_invoke_id=0)
    written = bench.receive(aarq(config_id=0x0190))
    assert written[:6] == bytes.fromhex("e300002c0000")
    assert written[48:] == GET_MDS
    assert bench.is_in(State.OPERATING)


def test_the_answer_carries_our_own_system_id() -> None:
    written = Bench().receive(aarq(config_id=0x0190))
    assert written[28:38] == bytes.fromhex("0008 1122334455667788")


def test_an_unknown_configuration_is_asked_for_and_answered_before_the_get() -> None:
    bench = Bench()
    assert bench.receive(aarq(config_id=0x4001))[4:6] == b"\x00\x03"
    assert bench.is_in(State.WAITING_FOR_CONFIG)
    written = bench.receive(config_report(9, EXTENDED))
    assert written == config_answer(9, 0x4001, 0) + GET_MDS
    assert bench.is_in(State.OPERATING)
    assert bench.take_events() == [
        ConfigurationReceived(AGENT, 0x4001, EXTENDED_OCTETS),
        Associated(AGENT, 0x4001, known=False, test=False),
    ]


def test_a_remembered_configuration_is_not_asked_for_again() -> None:
    asked: list[tuple[SystemId, int]] = []

    def remembered(system_id: SystemId, config_id: int) -> Configuration | None:
        asked.append((system_id, config_id))
        return EXTENDED

    bench = Bench(configurations=remembered)
    bench.operate(0x4001)
    assert asked == [(AGENT, 0x4001)]
    assert bench.take_events()[0] == Associated(AGENT, 0x4001, known=True, test=False)


def test_what_is_remembered_may_be_forgotten_while_the_device_associates() -> None:
    remembered = [EXTENDED]
    bench = Bench(configurations=lambda _id, _config: remembered.pop() if remembered else None)
    bench.operate(0x4001)
    bench.take_events()
    bench.receive(report(3, FIXED, spo2(98), confirmed=False))
    (reported,) = [one for one in bench.take_events() if isinstance(one, ObservationsReported)]
    assert len(reported.observations) == 1


@pytest.mark.parametrize(
    "info",
    [
        pytest.param(spo2(98, handle=77), id="unknown handle"),
        pytest.param(spo2(98, extra=b"\x00\x00"), id="other length than its value map"),
    ],
)
@pytest.mark.parametrize("confirmed", [True, False])
def test_reports_that_do_not_fit_a_remembered_configuration_make_us_ask_for_it(
    info: bytes, confirmed: bool
) -> None:
    bench = Bench(configurations=lambda _id, _config: EXTENDED)
    bench.operate(0x4001)
    bench.take_events()
    assert bench.report(1, info, confirmed=confirmed) == abrt(0)
    distrusted, end = bench.take_events()
    assert distrusted == ConfigurationDistrusted(AGENT, 0x4001)
    assert isinstance(end, AssociationEnded)
    assert bench.receive(aarq(config_id=0x4001))[4:6] == b"\x00\x03"
    bench.receive(config_report(2, EXTENDED))
    bench.receive(RLRQ)
    # Reported anew, it is trusted again.
    assert bench.receive(aarq(config_id=0x4001))[4:6] == b"\x00\x00"


def test_a_standard_configuration_nobody_knows_is_answered_so_and_another_taken() -> None:
    bench = Bench()
    assert bench.receive(aarq(config_id=0x02BD))[4:6] == b"\x00\x03"
    standard = build_configuration(0x02BD, OBJECTS)
    assert bench.receive(config_report(1, standard)) == config_answer(1, 0x02BD, 2)
    assert bench.is_in(State.WAITING_FOR_CONFIG)
    written = bench.receive(config_report(2, EXTENDED))
    assert written == config_answer(2, 0x4001, 0) + GET_MDS


def test_a_configuration_other_than_the_offered_one_is_unsupported() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4002))
    assert bench.receive(config_report(1, EXTENDED)) == config_answer(1, 0x4001, 1)
    assert bench.is_in(State.WAITING_FOR_CONFIG)


@pytest.mark.parametrize("config_id", [0x8000, 0xFFFF, 0])
def test_a_configuration_under_a_reserved_id_is_unsupported(config_id: int) -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4002))
    written = bench.receive(config_report(1, build_configuration(config_id, OBJECTS)))
    assert written == config_answer(1, config_id, 1)


def test_a_configuration_without_objects_is_unsupported() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    written = bench.receive(config_report(1, build_configuration(0x4001, ())))
    assert written == config_answer(1, 0x4001, 1)


UNTYPED = build_configuration(
    0x4001,
    [
        OBJECTS[0],
        ConfigObject(
            ObjectClass.NUMERIC,
            6,
            (
                at.UNIT_CODE.of(UnitCode(544)),
                at.ATTRIBUTE_VAL_MAP.of((ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),)),
            ),
        ),
    ],
)


def test_a_configuration_that_does_not_say_what_an_object_measures_is_unsupported() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    assert bench.receive(config_report(1, UNTYPED)) == config_answer(1, 0x4001, 1)
    assert bench.is_in(State.WAITING_FOR_CONFIG)
    assert any("object 6" in text for text in bench.take_warnings())


def test_such_a_configuration_of_an_earlier_run_is_asked_for_again() -> None:
    bench = Bench(configurations=lambda _id, _config: UNTYPED)
    assert bench.receive(aarq(config_id=0x4001))[4:6] == b"\x00\x03"


def test_what_is_odd_in_a_configuration_is_told_and_tolerated() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    twice = STANDARD_CONFIGURATIONS[0x0190].report.objects
    bench.receive(config_report(1, build_configuration(0x4001, (*twice, twice[0]))))
    assert bench.is_in(State.OPERATING)
    assert any("handle" in text for text in bench.take_warnings())


def test_a_badly_built_configuration_is_rejected_and_the_timeout_keeps_running() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    bench.wait(6.0)
    assert bench.receive(report(1, CONFIG, EXTENDED_OCTETS[:-3])) == prst(1, 0x0400, b"\x00\x02")
    assert bench.is_in(State.WAITING_FOR_CONFIG)
    assert bench.manager.next_deadline() == 10.0
    assert bench.wait(4.0) == abrt(3)
    cause = bench.take_end().cause
    assert isinstance(cause, RemoteProtocolError)
    assert "TO_config" in str(cause)


def test_a_refused_configuration_restarts_the_timeout() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x02BD))
    bench.wait(6.0)
    bench.receive(config_report(1, build_configuration(0x02BD, OBJECTS)))
    assert bench.manager.next_deadline() == 16.0


def test_a_configuration_that_never_comes_aborts_with_its_own_reason() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    assert bench.wait(9.9) == b""
    assert bench.wait(0.1) == abrt(3)
    assert bench.is_in(State.UNASSOCIATED)


@pytest.mark.parametrize("state", ["operating", "disassociating"])
def test_a_late_configuration_report_aborts(state: str) -> None:
    bench = Bench()
    bench.operate()
    if state == "disassociating":
        bench.manager.release(now=bench.now)
        bench.drain()
    assert bench.receive(config_report(1, EXTENDED)) == abrt(0)
    assert isinstance(bench.take_end().cause, RemoteProtocolError)


def test_a_confirmed_report_before_the_configuration_is_an_error_and_changes_nothing() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    written = bench.receive(report(5, FIXED, spo2(98)))
    assert written == prst(5, 0x0300, bytes.fromhex("0001 0000"))
    assert bench.is_in(State.WAITING_FOR_CONFIG)
    assert bench.take_observations() == []


def test_an_unconfirmed_report_before_the_configuration_is_ignored() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    assert bench.receive(report(5, FIXED, spo2(98), confirmed=False)) == b""
    assert bench.is_in(State.WAITING_FOR_CONFIG)
    assert bench.take_observations() == []
