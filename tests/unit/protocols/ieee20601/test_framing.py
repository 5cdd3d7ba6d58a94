"""A stream reader cuts whole APDUs and finds its way back after noise."""

from __future__ import annotations

import pytest

from protocols.ieee20601.framing import (
    OversizeApdu,
    StreamLimits,
    StreamReader,
    WholeApdu,
    begins_apdu,
    describe_oversize,
)
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, aarq, abrt, prst, report

REPORT = report(7, 0x0D1D, bytes.fromhex("F000 0000 0000 0000"))
AARQ = aarq(config_id=0x0190)


def whole(pieces: list[WholeApdu | OversizeApdu]) -> list[bytes]:
    return [piece.octets for piece in pieces if isinstance(piece, WholeApdu)]


def test_one_apdu_in_one_portion() -> None:
    reader = StreamReader()
    assert whole(reader.receive(AARQ, now=0.0)) == [AARQ]
    assert reader.next_deadline() is None
    assert reader.take_discarded() == 0


def test_several_apdus_in_one_portion_keep_their_order() -> None:
    reader = StreamReader()
    octets = AARQ + REPORT + RLRQ + RLRE + abrt(2)
    assert whole(reader.receive(octets, now=0.0)) == [AARQ, REPORT, RLRQ, RLRE, abrt(2)]


@pytest.mark.parametrize("cut", range(1, len(REPORT)))
def test_every_split_point_gives_the_same_apdu(cut: int) -> None:
    reader = StreamReader()
    assert whole(reader.receive(REPORT[:cut], now=0.0)) == []
    assert reader.next_deadline() == 2.0
    assert whole(reader.receive(REPORT[cut:], now=1.0)) == [REPORT]
    assert reader.take_discarded() == 0


@pytest.mark.parametrize(
    "octets",
    [
        REPORT,
        REPORT[:-1],
        REPORT + b"\x00",
        report(7, 0x0D1D, REPORT),
        report(7, 0x0D1D, bytes.fromhex("E700 E700 E200")),
        bytes.fromhex("E700 0008 0006 0001 0101 0000"),
        bytes.fromhex("E700 0006 0004 0001 0101"),
        bytes.fromhex("E700 0008 0007 0001 0101 0000"),
        AARQ,
    ],
    ids=lambda octets: octets.hex()[:24],
)
@pytest.mark.parametrize("noise", [b"", b"\x00"], ids=["in step", "out of step"])
def test_octets_that_come_at_once_are_cut_like_those_in_two_portions(
    octets: bytes, noise: bytes
) -> None:
    found = []
    for portions in ((octets, REPORT), (octets[:1], octets[1:], REPORT)):
        reader = StreamReader(StreamLimits(max_octets=40))
        reader.receive(noise, now=0.0)
        pieces = [piece for portion in portions for piece in reader.receive(portion, now=1.0)]
        found.append((pieces, reader.held, reader.take_discarded(), reader.next_deadline()))
    assert found[0] == found[1]


def test_what_waits_for_its_rest_is_counted() -> None:
    reader = StreamReader()
    reader.receive(AARQ + REPORT[:7], now=0.0)
    assert reader.held == 7
    reader.receive(REPORT[7:], now=0.0)
    assert reader.held == 0


def test_single_octets() -> None:
    reader = StreamReader()
    found = [apdu for octet in REPORT + AARQ for apdu in reader.receive(bytes([octet]), now=0.0)]
    assert whole(found) == [REPORT, AARQ]


def test_no_octets_change_nothing() -> None:
    reader = StreamReader()
    assert reader.receive(b"", now=5.0) == []
    assert reader.next_deadline() is None


@pytest.mark.parametrize(
    "noise",
    [
        bytes(32),
        bytes.fromhex("FF" * 32),
        bytes.fromhex("E800 0002 0000"),
        bytes.fromhex("E7"),
        bytes.fromhex("E700"),
        bytes.fromhex("E700 FFFF 0000"),
        bytes.fromhex("E700 0001 00"),
        bytes.fromhex("E700 0008 0006 0000"),
        bytes.fromhex("E200 0032 0000 0000 0001 002A"),
        bytes.fromhex("E300 002C 0009 5079 0026"),
        bytes.fromhex("E400 0003 0000"),
        b"login: ",
    ],
    ids=lambda noise: noise.hex(),
)
@pytest.mark.parametrize("good", [AARQ, REPORT], ids=["aarq", "report"])
def test_noise_before_a_good_apdu_is_dropped_and_counted(noise: bytes, good: bytes) -> None:
    reader = StreamReader()
    found = reader.receive(noise + good, now=0.0)
    assert whole(found) == [good]
    assert reader.take_discarded() == len(noise)
    assert reader.take_discarded() == 0


def test_noise_is_dropped_before_the_good_apdu_comes() -> None:
    reader = StreamReader()
    assert reader.receive(bytes(1000), now=0.0) == []
    assert reader.take_discarded() == 1000
    assert reader.next_deadline() is None


@pytest.mark.parametrize("kept", range(1, len(REPORT)))
def test_a_truncated_apdu_does_not_swallow_the_next(kept: int) -> None:
    reader = StreamReader()
    assert whole(reader.receive(REPORT[:kept] + AARQ, now=0.0)) == [AARQ]
    assert reader.take_discarded() == kept


@pytest.mark.parametrize("lost", range(len(REPORT)))
def test_a_lost_octet_costs_two_apdus_at_most(lost: int) -> None:
    reader = StreamReader()
    damaged = REPORT[:lost] + REPORT[lost + 1 :]
    found = whole(reader.receive(damaged + AARQ + REPORT + RLRQ, now=0.0))
    assert found[-2:] == [REPORT, RLRQ]


def test_a_false_start_is_dropped_by_one_octet_after_silence() -> None:
    reader = StreamReader()
    false_start = bytes.fromhex("E700 0100 00FE 0001 0101")
    assert reader.receive(false_start + REPORT[:9], now=0.0) == []
    assert reader.receive(REPORT[9:11], now=1.0) == []
    deadline = reader.next_deadline()
    assert deadline == 3.0
    assert reader.handle_deadline(now=2.9) == []
    assert reader.handle_deadline(now=3.0) == []
    assert reader.take_discarded() == len(false_start) + 11
    assert whole(reader.receive(AARQ, now=3.1)) == [AARQ]


def test_silence_frees_short_apdus_behind_a_false_start() -> None:
    reader = StreamReader()
    false_start = bytes.fromhex("E700 0100 00FE 0001")
    assert reader.receive(false_start + RLRQ + abrt(1), now=0.0) == []
    assert whole(reader.handle_deadline(now=2.0)) == [RLRQ, abrt(1)]
    assert reader.take_discarded() == len(false_start)
    assert reader.next_deadline() is None


def test_an_apdu_that_never_ends_is_given_up_though_octets_keep_coming() -> None:
    reader = StreamReader(StreamLimits(inter_octet_seconds=2.0, whole_apdu_seconds=10.0))
    reader.receive(bytes.fromhex("E700 8000 7FFE 0001 0101 7FF8"), now=0.0)
    for second in range(1, 10):
        assert reader.receive(bytes([second]), now=float(second)) == []
    assert reader.next_deadline() == 10.0
    assert reader.receive(b"\x00", now=10.0) == []
    assert reader.next_deadline() is None
    assert reader.take_discarded() == 22
    assert whole(reader.receive(REPORT, now=10.5)) == [REPORT]


def test_the_whole_apdu_deadline_is_kept_without_new_octets_too() -> None:
    reader = StreamReader(StreamLimits(inter_octet_seconds=20.0, whole_apdu_seconds=5.0))
    reader.receive(REPORT[:20], now=1.0)
    assert reader.next_deadline() == 6.0
    assert reader.handle_deadline(now=6.0) == []
    assert reader.take_discarded() == 20


def test_a_badly_structured_message_in_step_reaches_the_state_machine() -> None:
    # DATA length 54 announced, 12 there: `neg-scan-var-len` in small.
    broken = bytes.fromhex("E700 0014 0012 0054 0101 0036") + bytes(12)
    reader = StreamReader()
    assert whole(reader.receive(REPORT + broken + REPORT, now=0.0)) == [REPORT, broken, REPORT]
    assert reader.take_discarded() == 0


def test_the_same_message_out_of_step_is_noise() -> None:
    broken = bytes.fromhex("E700 0014 0012 0054 0101 0036") + bytes(12)
    reader = StreamReader()
    assert whole(reader.receive(b"\x00" + broken + REPORT, now=0.0)) == [REPORT]
    assert reader.take_discarded() == 1 + len(broken)


def test_a_message_too_short_for_data_reaches_the_state_machine_in_step() -> None:
    short = bytes.fromhex("E700 0004 0002 1234")
    reader = StreamReader()
    assert whole(reader.receive(short[:5], now=0.0) + reader.receive(short[5:], now=0.0)) == [short]


def test_surplus_octets_behind_the_declared_length_are_noise() -> None:
    reader = StreamReader()
    assert whole(reader.receive(REPORT + bytes(6) + REPORT, now=0.0)) == [REPORT, REPORT]
    assert reader.take_discarded() == 6


def test_an_oversize_report_is_skipped_and_named() -> None:
    reader = StreamReader(StreamLimits(max_octets=64))
    long_report = prst(0x1234, 0x0101, bytes(200))
    found = reader.receive(long_report + REPORT, now=0.0)
    assert found == [OversizeApdu(len(long_report), 0x1234, 0x0101), WholeApdu(REPORT)]
    assert reader.take_discarded() == 0


def test_an_oversize_report_in_portions_is_skipped_as_it_comes() -> None:
    reader = StreamReader(StreamLimits(max_octets=64))
    long_report = prst(1, 0x0101, bytes(2000))
    found = [
        piece
        for at in range(0, len(long_report), 7)
        for piece in reader.receive(long_report[at : at + 7], now=0.0)
    ]
    assert found == [OversizeApdu(len(long_report), 1, 0x0101)]
    assert reader.next_deadline() is None
    assert whole(reader.receive(REPORT, now=0.0)) == [REPORT]


def test_the_head_of_an_oversize_report_in_portions_is_judged_once_whole() -> None:
    reader = StreamReader(StreamLimits(max_octets=64))
    long_report = prst(1, 0x0101, bytes(200))
    assert reader.receive(long_report[:7], now=0.0) == []
    assert reader.receive(long_report[7:], now=0.0) == [OversizeApdu(len(long_report), 1, 0x0101)]


def test_an_oversize_report_that_stops_coming_is_forgotten() -> None:
    reader = StreamReader(StreamLimits(max_octets=64))
    reader.receive(prst(1, 0x0101, bytes(200))[:100], now=0.0)
    assert reader.next_deadline() == 2.0
    assert reader.handle_deadline(now=2.0) == []
    assert whole(reader.receive(AARQ, now=2.5)) == [AARQ]


def test_an_oversize_association_request_is_named_without_an_invoke_id() -> None:
    reader = StreamReader(StreamLimits(max_octets=32))
    assert reader.receive(AARQ, now=0.0) == [OversizeApdu(len(AARQ), None, None)]


def test_an_impossible_length_without_agreeing_lengths_inside_is_noise() -> None:
    reader = StreamReader(StreamLimits(max_octets=64))
    bad = bytes.fromhex("E700 0100 00FE 0001 0101 0001")
    assert whole(reader.receive(bad + REPORT, now=0.0)) == [REPORT]
    assert reader.take_discarded() == len(bad)


def test_a_new_connection_forgets_the_old_octets() -> None:
    reader = StreamReader()
    reader.receive(REPORT[:20], now=0.0)
    reader.clear()
    assert reader.take_discarded() == 20
    assert whole(reader.receive(AARQ, now=0.1)) == [AARQ]


def test_the_reader_never_holds_more_than_one_apdu() -> None:
    reader = StreamReader(StreamLimits(max_octets=1000))
    largest = prst(1, 0x0101, bytes(1000 - 12))
    assert len(largest) == 1000
    for _ in range(50):
        assert whole(reader.receive(largest, now=0.0)) == [largest]
    assert reader.next_deadline() is None


OVERSIZE_HEAD = bytes.fromhex("E700 FFFF FFFD 0077 0101 FFF7")


def test_a_head_that_promises_too_much_does_not_hide_the_apdus_behind_it() -> None:
    reader = StreamReader()
    assert reader.receive(OVERSIZE_HEAD, now=0.0) == [OversizeApdu(65_539, 0x77, 0x0101)]
    found = [piece for second in range(1, 5) for piece in reader.receive(REPORT, now=float(second))]
    assert whole(found) == [REPORT] * 4
    assert reader.take_discarded() == len(OVERSIZE_HEAD)
    assert reader.next_deadline() is None


@pytest.mark.parametrize("cut", range(1, len(REPORT)))
def test_an_apdu_in_two_portions_behind_such_a_head_is_found(cut: int) -> None:
    reader = StreamReader()
    reader.receive(OVERSIZE_HEAD + bytes(100) + REPORT[:cut], now=0.0)
    assert whole(reader.receive(REPORT[cut:], now=1.0)) == [REPORT]


def test_short_apdus_behind_such_a_head_are_found_after_silence() -> None:
    reader = StreamReader()
    reader.receive(OVERSIZE_HEAD, now=0.0)
    assert reader.receive(RLRQ + abrt(1), now=1.0) == []
    assert whole(reader.handle_deadline(now=3.0)) == [RLRQ, abrt(1)]
    assert reader.take_discarded() == len(OVERSIZE_HEAD)


def test_an_oversize_apdu_has_the_whole_time_of_one_apdu_and_no_more() -> None:
    reader = StreamReader(StreamLimits(inter_octet_seconds=2.0, whole_apdu_seconds=10.0))
    reader.receive(OVERSIZE_HEAD, now=0.0)
    for second in range(1, 10):
        assert reader.receive(RLRQ, now=float(second)) == []
    assert reader.next_deadline() == 10.0
    assert whole(reader.handle_deadline(now=10.0)) == [RLRQ] * 9
    assert reader.take_discarded() == len(OVERSIZE_HEAD)


def test_an_oversize_apdu_given_up_is_named_once() -> None:
    reader = StreamReader()
    assert len(reader.receive(OVERSIZE_HEAD, now=0.0)) == 1
    assert reader.receive(bytes(50), now=1.0) == []
    assert reader.handle_deadline(now=3.0) == []
    assert reader.take_discarded() == len(OVERSIZE_HEAD) + 50


def test_an_apdu_goes_on_a_raw_stream_as_it_is() -> None:
    assert StreamReader().frame(REPORT) == REPORT


@pytest.mark.parametrize("apdu", [AARQ, REPORT, RLRQ, RLRE, abrt(1)], ids=lambda a: a[:2].hex())
def test_one_apdu_alone_is_recognised_by_its_head(apdu: bytes) -> None:
    assert begins_apdu(apdu[:4])
    assert not begins_apdu(apdu[:3])
    assert not begins_apdu(b"\xe8" + apdu[1:])


def test_an_oversize_apdu_of_few_octets_names_no_invoke_id() -> None:
    assert describe_oversize(REPORT[:11], 900) == OversizeApdu(900, None, None)
    assert describe_oversize(REPORT[:12], 900) == OversizeApdu(900, 7, 0x0101)
    assert describe_oversize(AARQ, 900) == OversizeApdu(900, None, None)


@pytest.mark.parametrize(
    ("octets", "dropped"), [("E7000100 00FD", 6), ("E7000100 00FE", 0), ("E7000100", 0)]
)
def test_a_head_whose_lengths_disagree_is_dropped_at_once(octets: str, dropped: int) -> None:
    reader = StreamReader()
    assert reader.receive(bytes.fromhex(octets), now=0.0) == []
    assert reader.take_discarded() == dropped


def test_a_start_that_lasts_too_long_is_given_up_though_silence_is_allowed() -> None:
    reader = StreamReader(StreamLimits(inter_octet_seconds=20.0, whole_apdu_seconds=5.0))
    reader.receive(bytes.fromhex("E700 0100 00FE 0001"), now=0.0)
    assert reader.handle_deadline(now=5.0) == []
    assert reader.next_deadline() is None
