"""The MDS of a device: its clocks and its answers to a Get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from edge.certifying.checks import Verdict
from edge.certifying.scripts import SCRIPTS
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import DataApdu, Prst, decode_apdu, encode_apdu
from protocols.ieee20601.remote_operations import ErrorCode, Message, Roer, RorsGet
from tests.unit.edge.certifying.examined import Change, Examined, failed, found
from tests.unit.protocols.ieee20601.pair import START, describe, local_clock

WHOLE = SCRIPTS[0]


def answering(instead: Callable[[RorsGet], Message]) -> Change:
    """Another answer to every Get."""

    def change(octets: bytes) -> bytes:
        apdu = decode_apdu(octets)
        if not isinstance(apdu, Prst) or not isinstance(apdu.data.message, RorsGet):
            return octets
        return encode_apdu(Prst(DataApdu(apdu.data.invoke_id, instead(apdu.data.message))))

    return change


def test_what_is_printed_on_the_device_is_kept_for_the_report() -> None:
    device = Examined().run(WHOLE).device
    assert (device.model, device.serial_number, device.firmware) == ("OX-2", "4711", "1.2")
    assert device.config_id == 0x0190
    assert device.objects[0] == (1, "MDC_PULS_OXIM_SAT_O2")


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        (lambda _utc: local_clock(START), "0.00 s in 4.00 s"),
        (lambda utc: local_clock(START + 3 * (utc - START)), "12.00 s in 4.00 s"),
    ],
    ids=["stands still", "three times too fast"],
)
def test_a_clock_that_does_not_go_as_time_does_is_told(
    clock: Callable[[datetime], datetime], told: str
) -> None:
    record = Examined(mds=replace(describe(), clock=clock)).run(WHOLE)
    assert failed(record) == {"MDS-9": told}


def test_an_mds_that_is_not_told_leaves_what_it_would_say_untried() -> None:
    error = Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b"")
    record = Examined(change=answering(lambda _: error)).run(WHOLE)
    assert "MDS-1" in failed(record)
    for check_id in ("MDS-2", "MDS-7", "MDS-9", "MDS-10", "OPER-3"):
        assert found(record, check_id).detail == "it answered no Get of its MDS"


def test_an_answer_to_another_request_is_told_with_its_octets() -> None:
    def change(octets: bytes) -> bytes:
        is_answer = octets[0] == 0xE7 and octets[8] in (0x02, 0x03)
        return octets[:6] + b"\x77\x77" + octets[8:] if is_answer else octets

    record = Examined(change=change).run(WHOLE)
    finding = found(record, "MDS-1")
    assert finding.detail == "nothing came in time; RorsGet came for another request"
    assert record.messages[finding.evidence[0]].octets[6:8] == b"\x77\x77"


def test_a_device_without_a_clock_is_not_held_to_one() -> None:
    record = Examined(mds=replace(describe(), clock=None)).run(WHOLE)
    assert "MDS-9" not in failed(record)
    assert found(record, "MDS-9").detail == "it shows no time"


def test_base_offset_time_is_a_time_of_a_zone_that_exists() -> None:
    zoned = replace(describe(), offset_minutes=120)
    assert found(Examined(mds=zoned).run(WHOLE), "MDS-10").verdict is Verdict.PASS
    nowhere = replace(describe(), offset_minutes=900)
    assert failed(Examined(mds=nowhere).run(WHOLE))["MDS-10"].endswith(" 900 min")
    never_set = replace(zoned, clock=lambda utc: local_clock(utc) - timedelta(days=365 * 50))
    assert "MDS-10" in failed(Examined(mds=never_set).run(WHOLE))


def test_a_claimed_base_offset_time_that_is_missing_is_told() -> None:
    def without(answer: RorsGet) -> RorsGet:
        kept = [item for item in answer.attributes if item.attribute_id != at.TIME_BO.attribute_id]
        return replace(answer, attributes=tuple(kept))

    zoned = replace(describe(), offset_minutes=120)
    record = Examined(mds=zoned, change=answering(without)).run(WHOLE)
    assert failed(record) == {"MDS-10": "not there"}


def test_a_device_that_always_answers_everything_is_told_of_what_was_asked() -> None:
    everything: list[RorsGet] = []

    def all_of_it(answer: RorsGet) -> RorsGet:
        everything.append(answer)
        return everything[0]

    record = Examined(change=answering(all_of_it)).run(WHOLE)
    assert {"MDS-8", "MDS-11"} <= set(failed(record))


def test_a_device_that_serves_no_list_of_attributes_is_within_its_rights() -> None:
    def refuse(answer: RorsGet) -> Message:
        whole = len(answer.attributes) > 1
        return answer if whole else Roer(int(ErrorCode.NOT_ALLOWED_BY_OBJECT), b"")

    record = Examined(change=answering(refuse)).run(WHOLE)
    assert failed(record) == {}
    assert found(record, "MDS-8").detail == "it serves a Get of all attributes only"
