"""What a manager answers to one APDU in each state, octet for octet.

The stimuli are those a public manager was once tried with, its known faults among them; the
answers are those of the standard's tables.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest

from protocols.ieee20601.configuration import encode_configuration
from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.states import State
from protocols.model.observation import NumericObservation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import (
    CONFIG,
    FIXED,
    Bench,
    mds_answer,
    spo2,
)
from tests.vectors_folder import needs_vectors, phd

U, WC, OP, DA = (
    State.UNASSOCIATED,
    State.WAITING_FOR_CONFIG,
    State.OPERATING,
    State.DISASSOCIATING,
)
AARE: Final = bytes.fromhex("E300 0006 0000 0000 0000")
UNKNOWN_CHOICE: Final = bytes.fromhex("E800 0002 0000")
CONFIRMED: Final = report(3, FIXED, spo2(98))
LIVE: Final = report(3, FIXED, spo2(98), confirmed=False)
GET: Final = prst(3, 0x0103, bytes(6))
SET: Final = prst(3, 0x0105, bytes(6))
ACTION: Final = prst(3, 0x0107, bytes.fromhex("0000 0C17 0000"))
ANSWER: Final = prst(0x4444, 0x0203, bytes(6))
ERROR: Final = prst(0x4444, 0x0300, bytes.fromhex("0001 0000"))
REJECT: Final = prst(0x4444, 0x0400, bytes.fromhex("0000"))
OBJECTS: Final = STANDARD_CONFIGURATIONS[0x0190]


def config_report(config_id: int, octets: bytes | None = None) -> bytes:
    body = octets or encode_configuration(OBJECTS)[2:]
    return report(3, CONFIG, config_id.to_bytes(2, "big") + body)


def error(code: int) -> bytes:
    return prst(3, 0x0300, code.to_bytes(2, "big") + bytes(2))


def reject(problem: int) -> bytes:
    return prst(3, 0x0400, problem.to_bytes(2, "big"))


def bench_in(state: State) -> Bench:
    bench = Bench()
    if state is WC:
        bench.receive(aarq(config_id=0x4001))
    elif state is not U:
        bench.operate()
    if state is DA:
        bench.manager.release(now=bench.now)
        bench.drain()
    assert bench.is_in(state)
    return bench


@pytest.mark.parametrize(
    ("offer", "result", "state"),
    [
        pytest.param(aarq(config_id=0x4001), 3, WC, id="unknown extended configuration"),
        pytest.param(aarq(config_id=0x4001, protocol_version=0xC0000000), 3, WC, id="v1 and v2"),
        pytest.param(aarq(config_id=0x4001, protocol_version=0x40000000), 3, WC, id="v2 alone"),
        pytest.param(aarq(config_id=0x4001, protocol_version=0x08000000), 5, U, id="v5 alone"),
        pytest.param(aarq(config_id=0x4001, encoding=0x4000), 5, U, id="XER alone"),
        pytest.param(aarq(config_id=0x4001, encoding=0xA000), 3, WC, id="MDER and PER"),
        pytest.param(aarq(config_id=0x4001, nomenclature=0), 5, U, id="no nomenclature"),
        pytest.param(aarq(config_id=0x4001, functional_units=0x60000000), 1, U, id="a test"),
        pytest.param(aarq(config_id=0x4001, functional_units=0x40000000), 3, WC, id="able to test"),
        pytest.param(aarq(config_id=0x4001, protocol_id=0xFFFF), 4, U, id="external protocol"),
        pytest.param(aarq(config_id=0x4001, assoc_version=0x40000000), 8, U, id="other version"),
        pytest.param(aarq(config_id=0x4001, system_type=0x80000000), 1, U, id="a manager"),
        pytest.param(aarq(config_id=0x02BD), 3, WC, id="unknown standard configuration"),
        pytest.param(aarq(config_id=0x8001), 1, U, id="reserved configuration"),
        pytest.param(aarq(config_id=0x05DC), 0, OP, id="the scale's standard configuration"),
        pytest.param(aarq(config_id=0x0190), 0, OP, id="known standard configuration"),
    ],
)
def test_an_association_request_gets_its_result(offer: bytes, result: int, state: State) -> None:
    bench = Bench()
    answer = bench.receive(offer)
    assert (answer[:2], int.from_bytes(answer[4:6], "big")) == (b"\xe3\x00", result)
    assert bench.is_in(state)
    # A refusal carries nothing of ours; what follows an acceptance of a known one is the Get.
    assert (len(answer) > 10) is (result in (0, 3))
    assert answer.endswith(prst(0, 0x0103, bytes(6))) is (result == 0)


@pytest.mark.parametrize(
    ("state", "stimulus", "answer", "then"),
    [
        pytest.param(U, AARE, abrt(0), U, id="U AARE (2.12)"),
        pytest.param(U, RLRQ, abrt(0), U, id="U RLRQ (2.16)"),
        pytest.param(U, RLRE, b"", U, id="U RLRE (2.17)"),
        pytest.param(U, abrt(0), b"", U, id="U ABRT (2.18)"),
        pytest.param(U, CONFIRMED, abrt(0), U, id="U PRST (2.19)"),
        pytest.param(WC, aarq(config_id=0x4001), abrt(0), U, id="WC AARQ (6.8)"),
        pytest.param(WC, AARE, abrt(0), U, id="WC AARE (6.12)"),
        pytest.param(WC, RLRE, abrt(0), U, id="WC RLRE (6.17)"),
        pytest.param(WC, RLRQ, RLRE, U, id="WC RLRQ (6.16)"),
        pytest.param(WC, abrt(0), b"", U, id="WC ABRT (6.18)"),
        pytest.param(WC, CONFIRMED, error(1), WC, id="WC confirmed report (6.25)"),
        pytest.param(WC, LIVE, b"", WC, id="WC unconfirmed report (6.25)"),
        pytest.param(WC, GET, error(1), WC, id="WC Get (6.25)"),
        pytest.param(WC, ACTION, error(1), WC, id="WC action (6.25)"),
        pytest.param(WC, ANSWER, abrt(0), U, id="WC RORS to nothing (6.26)"),
        pytest.param(WC, ERROR, abrt(0), U, id="WC ROER to nothing (6.26)"),
        pytest.param(WC, REJECT, abrt(0), U, id="WC RORJ to nothing (6.26)"),
        pytest.param(WC, config_report(0x4001, bytes(3)), reject(2), WC, id="WC cut configuration"),
        pytest.param(OP, config_report(0x4001), abrt(0), U, id="OP configuration report (fix 1)"),
        pytest.param(OP, CONFIRMED, b"", OP, id="OP report waits for the commit (8.21)"),
        pytest.param(OP, LIVE, b"", OP, id="OP unconfirmed report (8.21)"),
        pytest.param(OP, report(3, FIXED, spo2(98)[:-2]), reject(2), OP, id="OP wrong list count"),
        pytest.param(OP, report(3, FIXED, spo2(98, handle=99)), error(1), OP, id="OP handle"),
        pytest.param(OP, report(3, 0x0DFF, b""), error(9), OP, id="OP event type"),
        pytest.param(OP, GET, reject(101), OP, id="OP Get of the agent"),
        pytest.param(OP, SET, reject(101), OP, id="OP Set of the agent"),
        pytest.param(OP, ACTION, reject(101), OP, id="OP action of the agent"),
        pytest.param(OP, ANSWER, abrt(0), U, id="OP RORS to nothing (8.26)"),
        pytest.param(OP, ERROR, abrt(0), U, id="OP ROER to nothing (8.26)"),
        pytest.param(OP, REJECT, abrt(0), U, id="OP RORJ to nothing (8.26)"),
        pytest.param(OP, mds_answer(0), abrt(0), U, id="OP second answer to a finished Get"),
        pytest.param(OP, aarq(config_id=0x4001), abrt(0), U, id="OP AARQ (8.8)"),
        pytest.param(OP, AARE, abrt(0), U, id="OP AARE (8.12)"),
        pytest.param(OP, RLRE, abrt(0), U, id="OP RLRE (8.17)"),
        pytest.param(OP, RLRQ, RLRE, U, id="OP RLRQ (8.16)"),
        pytest.param(OP, abrt(2), b"", U, id="OP ABRT (8.18)"),
        pytest.param(DA, RLRE, b"", U, id="DA RLRE (9.17)"),
        pytest.param(DA, RLRQ, RLRE, DA, id="DA RLRQ (9.16)"),
        pytest.param(DA, CONFIRMED, b"", DA, id="DA report (9.21)"),
        pytest.param(DA, ANSWER, abrt(0), U, id="DA RORS to nothing (9.26)"),
        pytest.param(DA, ERROR, abrt(0), U, id="DA ROER (9.26)"),
        pytest.param(DA, config_report(0x4001), abrt(0), U, id="DA configuration (fix 1)"),
        pytest.param(DA, AARE, abrt(0), U, id="DA AARE (9.12)"),
        pytest.param(DA, abrt(0), b"", U, id="DA ABRT (9.18)"),
    ],
)
def test_one_apdu_has_one_answer(state: State, stimulus: bytes, answer: bytes, then: State) -> None:
    bench = bench_in(state)
    assert bench.receive(stimulus) == answer
    assert bench.is_in(then)


@pytest.mark.parametrize("noise", [UNKNOWN_CHOICE, bytes(32), b"\xe2\x00" * 16])
def test_noise_is_skipped_and_the_request_behind_it_is_answered(noise: bytes) -> None:
    bench = Bench()
    bench.receive(noise)
    written = bench.receive(aarq(config_id=0x0190)) + bench.wait(5.0)
    assert written[:2] == b"\xe3\x00"


def test_a_configuration_other_than_the_offered_one_is_unsupported_and_the_right_one_taken() -> (
    None
):
    bench = bench_in(WC)
    refused = prst(3, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4002 0001"))
    assert bench.receive(config_report(0x4002)) == refused
    accepted = prst(3, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0000"))
    # The answer to the report comes before the Get, not behind it.
    written = bench.receive(config_report(0x4001))
    assert written == accepted + prst(0, 0x0103, bytes(6))


def octets_of(vector_id: str) -> bytes:
    (found,) = [item for item in phd()["vectors"] if item["id"] == vector_id]
    return bytes.fromhex(found["hex"])


@needs_vectors
@pytest.mark.parametrize(
    ("state", "vector_id", "answer"),
    [
        # The declared length holds, what is behind it is noise; inside, the lists have drifted.
        pytest.param(WC, "neg-config-oximeter-len", (0x1236, 0x0400, "0002"), id="configuration"),
        pytest.param(OP, "neg-scan-var-len", (0x0054, 0x0400, "0002"), id="inner length"),
        pytest.param(OP, "scan-fixed-thermometer", (None, 0x0400, "0002"), id="list count"),
    ],
)
def test_a_malformed_vector_is_rejected_as_badly_structured(
    state: State, vector_id: str, answer: tuple[int | None, int, str]
) -> None:
    octets = octets_of(vector_id)
    invoke_id, choice, message = answer
    bench = bench_in(state)
    written = bench.receive(octets) + bench.wait(5.0)
    invoke_id = int.from_bytes(octets[6:8], "big") if invoke_id is None else invoke_id
    assert written == prst(invoke_id, choice, bytes.fromhex(message))
    assert bench.is_in(state)


@needs_vectors
def test_two_zero_octets_behind_a_real_device_s_list_cost_no_reading() -> None:
    octets = octets_of("live-scan-glucose-trailing")
    bench = Bench()
    bench.operate(0x06A4)
    bench.take_events()
    bench.receive(octets)
    warnings = [event.text for event in bench.events if isinstance(event, ProtocolWarning)]
    assert any("surplus octets" in text for text in warnings)
    (reading,) = bench.take_observations()
    assert isinstance(reading, NumericObservation)
    assert reading.value.number == Decimal("13.2")
