"""What the probe makes of the line: pieces of APDUs, and what is only looked at."""

from __future__ import annotations

from edge.certifying.checks import Verdict
from edge.certifying.probe import Expect, Probe
from protocols.ieee20601.apdus import Abrt, decode_apdu
from protocols.ieee20601.framing import StreamLimits, StreamReader
from protocols.ieee20601.line_framings import HdlcFraming
from tests.unit.edge.certifying.examined import found

ABORT = bytes.fromhex("e60000020000")
CUT = bytes.fromhex("e7000020001e7777")


def test_an_abort_behind_an_apdu_that_was_cut_short_is_found_when_its_time_is_over() -> None:
    probe, wish = Probe(), Expect(lambda item: isinstance(item.apdu, Abrt), 3.0)
    probe.receive(CUT + ABORT, now=1.0)
    assert probe.answer_to(wish) is None
    due = probe.next_deadline()
    assert due is not None
    probe.handle_deadline(now=due)
    incoming = probe.answer_to(wish)
    assert incoming is not None
    assert incoming.at == due
    assert found(probe.record, "LINE-1").detail == "8 octets on the line belong to no APDU"


def test_half_an_apdu_is_the_devices_fault_when_it_closed_the_line_and_not_when_we_did() -> None:
    for by_device, verdict in ((True, Verdict.FAIL), (False, Verdict.NOT_TRIED)):
        probe = Probe()
        probe.connected(StreamReader())
        probe.receive(CUT, now=1.0)
        probe.closed(now=2.0, by_device=by_device)
        assert found(probe.record, "LINE-1").verdict is verdict
        assert probe.closed_at == 2.0


def test_a_message_that_is_only_looked_at_is_there_for_the_next_wish() -> None:
    probe = Probe()
    probe.receive(ABORT, now=1.0)
    seen = probe.answer_to(Expect(lambda _: True, 1.0, keeps=True))
    assert seen is not None
    assert probe.answer_to(Expect(lambda _: True, 1.0)) is seen
    assert probe.answer_to(Expect(lambda _: True, 1.0, keeps=True)) is None


def test_a_release_of_the_device_is_answered_whatever_was_waited_for() -> None:
    for wish in (Expect(lambda _: True, 1.0), Expect(lambda _: False, 1.0)):
        probe = Probe()
        probe.receive(bytes.fromhex("e40000020000"), now=1.0)
        probe.answer_to(wish)
        assert probe.take_output(now=1.0) == [bytes.fromhex("e50000020000")]


def test_a_framed_line_is_read_and_written_in_frames_and_kept_without_them() -> None:
    probe, device = Probe(), HdlcFraming(StreamLimits())
    probe.connected(HdlcFraming(StreamLimits()))
    probe.receive(device.frame(ABORT), now=1.0)
    incoming = probe.answer_to(Expect(lambda item: isinstance(item.apdu, Abrt), 1.0))
    assert incoming is not None
    probe.send(decode_apdu(ABORT))
    (written,) = probe.take_output(now=2.0)
    assert written == device.frame(ABORT)
    assert [message.octets for message in probe.record.messages] == [ABORT, ABORT]
    assert found(probe.record, "LINE-1").verdict is Verdict.PASS
