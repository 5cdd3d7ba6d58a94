"""The scripts against a good device and against one for every fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.certifying.checks import CHECKS, Verdict
from edge.certifying.scripts import SCRIPTS
from protocols.ieee20601.association import FunctionalUnits
from protocols.ieee20601.events import AgentEvent, OctetsDiscarded, ReportConfirmed
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import AgentTimeouts
from tests.unit.edge.certifying.examined import POLICY, Change, Examined, failed, found
from tests.unit.protocols.ieee20601.pair import OXIMETER, describe

ABORT, PRST, ANSWERS = 0xE6, 0xE7, (0x02, 0x03)
WITHOUT = {
    check.id for check in CHECKS if check.group in {"Scanners", "Data requests", "Stored data"}
}


def test_a_good_device_fails_nothing_and_leaves_little_out() -> None:
    record = Examined().run()
    assert failed(record) == {}
    left_out = {f.check.id for f in record.findings() if f.verdict is Verdict.NOT_TRIED}
    assert left_out <= WITHOUT | {"MDS-10", "OPER-3", "REP-5"}
    assert found(record, "STORE-1").detail == "it has no store"
    assert record.device.model == "OX-2"


def test_every_check_of_the_catalogue_has_an_outcome_in_its_order() -> None:
    record = Examined().run()
    assert [finding.check for finding in record.findings()] == list(CHECKS)
    assert sum(record.counts().values()) == len(CHECKS)


def replaced(old: str, new: str) -> Change:
    return lambda octets: bytes.fromhex(octets.hex().replace(old, new))


@pytest.mark.parametrize(
    ("change", "check_id"),
    [
        # AARQ: version 2 of association; encoding XER; system type manager; System-Id of a text.
        (replaced("e200003280000000", "e200003240000000"), "ASSOC-3"),
        (replaced("50790026800000008000", "50790026800000004000"), "ASSOC-6"),
        (replaced("008000000008", "800000000008"), "ASSOC-8"),
    ],
)
def test_an_offer_against_the_rules_is_told(change: Change, check_id: str) -> None:
    record = Examined(change=change).run(SCRIPTS[0])
    # A device that gets back what it never offered goes no further.
    assert {check_id} <= set(failed(record)) <= {check_id, "CONF-1"}


def test_a_device_that_never_asks_fails_the_first_check_alone() -> None:
    record = Examined(change=lambda _: b"").run()
    assert set(failed(record)) == {"ASSOC-1"}
    assert record.counts()[Verdict.PASS] == 0


def test_a_device_that_does_not_come_back_leaves_the_rest_untried() -> None:
    examined = Examined(comes_back=False)
    record = examined.run()
    assert failed(record) == {}
    assert examined.probe.gone
    assert found(record, "WRONG-1").verdict is Verdict.NOT_TRIED


def test_an_mds_that_says_nothing_is_told() -> None:
    silent = replace(describe(), manufacturer="", specializations=())
    record = Examined(mds=silent).run(SCRIPTS[0])
    assert set(failed(record)) == {"MDS-5", "MDS-6"}


def test_a_report_that_does_not_fit_its_map_is_told_with_its_octets() -> None:
    # The first observation's four digits of SFLOAT lose two: lengths all the way stay right.
    def shorten(octets: bytes) -> bytes:
        if octets[:2] != b"\xe7\x00" or octets[18:20] != b"\x0d\x1d":
            return octets
        text = octets.hex()
        at = text.index("0001000a")
        inner = text[at + 8 : at + 28]
        text = text[:at] + "00010008" + inner[:16] + text[at + 28 :]
        whole = bytearray.fromhex(text)
        for place in (2, 4, 10, 20, 28):
            length = int.from_bytes(whole[place : place + 2], "big") - 2
            whole[place : place + 2] = length.to_bytes(2, "big")
        return bytes(whole)

    record = Examined(change=shorten).run(SCRIPTS[0])
    finding = found(record, "REP-4")
    assert finding.verdict is Verdict.FAIL
    assert "8 octets where the value map has 10" in finding.detail
    assert record.messages[finding.evidence[0]].octets[18:20] == b"\x0d\x1d"


def test_a_device_that_takes_a_refused_configuration_for_the_end_is_judged_by_its_release() -> None:
    record = Examined(policy=AgentPolicy(extended_config_id=None)).run(SCRIPTS[1])
    assert found(record, "CONF-10").verdict is Verdict.PASS


def test_nothing_is_set_that_may_not_be() -> None:
    record = Examined().run(SCRIPTS[0], policy=replace(POLICY, set_time=False))
    assert found(record, "OPER-3").verdict is Verdict.NOT_TRIED


def test_a_test_association_is_told() -> None:
    units = FunctionalUnits.HAVE_TEST_CAP | FunctionalUnits.CREATE_TEST_ASSOCIATION
    record = Examined(policy=AgentPolicy(functional_units=int(units))).run(SCRIPTS[0])
    assert failed(record)["ASSOC-12"].startswith("it asks for a test association")
    assert found(record, "ASSOC-11").verdict is Verdict.PASS


def test_a_refused_configuration_that_comes_again_is_told() -> None:
    assert found(Examined().run(SCRIPTS[1]), "CONF-11").verdict is Verdict.PASS
    same = AgentPolicy(extended_config_id=OXIMETER.configuration.config_id)
    record = Examined(policy=same).run(SCRIPTS[1])
    assert failed(record)["CONF-11"] == "0x0190 again"


@pytest.mark.parametrize(("seconds", "told"), [(1.0, "after 1.0 s"), (6.0, "after 6.0 s")])
def test_a_device_that_gives_up_at_another_time_is_told(seconds: float, told: str) -> None:
    policy = AgentPolicy(timeouts=AgentTimeouts(confirm=seconds))
    record = Examined(policy=policy).run(SCRIPTS[3])
    assert failed(record) == {"REP-10": f"{told} where 3 s are due"}


def test_a_device_that_gives_up_by_closing_the_line_is_judged_by_when_it_did() -> None:
    def cut(octets: bytes) -> bytes:
        if octets[0] != ABORT:
            return octets
        examined.hang_up()
        return b""

    late = AgentPolicy(timeouts=AgentTimeouts(confirm=6.0))
    examined = Examined(change=cut)
    assert found(examined.run(SCRIPTS[3]), "REP-10").verdict is Verdict.PASS
    examined = Examined(policy=late, change=cut)
    assert failed(examined.run(SCRIPTS[3])) == {"REP-10": "after 6.0 s where 3 s are due"}


def test_a_device_that_never_gives_up_has_no_time_of_giving_up() -> None:
    patient = AgentPolicy(timeouts=AgentTimeouts(confirm=99.0))
    record = Examined(policy=patient).run(SCRIPTS[3])
    assert set(failed(record)) == {"REP-9"}
    assert found(record, "REP-10").detail == "it did not give up"


CONFIG_REPORT = "0d1c"
"""MDC_NOTI_CONFIG, where a configuration report has its event type."""


def another_configuration(octets: bytes) -> bytes:
    """The id of the configuration in its report is exchanged."""
    if octets[18:20].hex() != CONFIG_REPORT:
        return octets
    return octets[:22] + b"\x4f\xff" + octets[24:]


def test_what_rests_on_a_configuration_exchange_that_failed_is_not_tried() -> None:
    record = Examined(change=another_configuration).run(*SCRIPTS)
    assert set(failed(record)) == {"CONF-4", "CONF-10", "CONF-12"}
    why = "it left when its configuration was accepted: Abrt came"
    for check_id in ("MDS-1", "OPER-1", "REP-1", "REP-9", "REL-1", "REL-2", "WRONG-1", "WRONG-4"):
        assert (found(record, check_id).detail, found(record, check_id).verdict) == (
            why,
            Verdict.NOT_TRIED,
        )
    assert found(record, "REL-3").verdict is Verdict.PASS


def test_a_device_that_aborts_instead_of_its_configuration_is_told_at_once() -> None:
    def abort(octets: bytes) -> bytes:
        is_config = octets[18:20].hex() == CONFIG_REPORT
        return bytes.fromhex("e60000020000") if is_config else octets

    record = Examined(change=abort).run(SCRIPTS[0])
    assert failed(record) == {"CONF-1": "Abrt came"}
    assert found(record, "MDS-1").detail == "its configuration did not come: Abrt came"


def instead_of_answers(*answers: bytes | None) -> Change:
    """What comes for the first requests: nothing, other octets, or (None) the answer itself."""
    left = list(answers)

    def change(octets: bytes) -> bytes:
        is_answer = octets[0] == PRST and octets[8] in ANSWERS and left
        instead = left.pop(0) if is_answer else None
        return octets if instead is None else instead

    return change


@pytest.mark.parametrize("ending", ["e60000020000", "e40000020000"])
def test_an_end_behind_a_request_without_an_answer_is_no_failure_of_the_next(ending: str) -> None:
    record = Examined(change=instead_of_answers(b"", bytes.fromhex(ending))).run(SCRIPTS[0])
    assert failed(record) == {"MDS-1": "nothing came in time"}
    assert "came after a request without an answer" in found(record, "MDS-8").detail
    assert found(record, "REL-1").detail == found(record, "MDS-8").detail


def test_an_end_behind_an_answer_is_a_failure_of_what_it_answers() -> None:
    ending = bytes.fromhex("e60000020000")
    record = Examined(change=instead_of_answers(b"", None, ending)).run(SCRIPTS[0])
    assert set(failed(record)) == {"MDS-1", "MDS-11"}
    assert found(record, "OPER-1").detail == "the association ended before it: Abrt came"


def test_octets_between_apdus_are_counted_over_the_whole_run() -> None:
    assert found(Examined().run(*SCRIPTS[:2]), "LINE-1").verdict is Verdict.PASS
    record = Examined(change=lambda octets: b"\x01\x02\x03" + octets).run(*SCRIPTS[:2])
    finding = found(record, "LINE-1")
    came = sum(message.direction == "A>M" for message in record.messages)
    assert finding.verdict is Verdict.FAIL
    assert finding.detail == f"{3 * came} octets on the line belong to no APDU"
    assert finding.evidence == (0,)
    assert set(failed(record)) == {"LINE-1"}


def test_a_report_before_the_configuration_is_told_and_not_counted() -> None:
    early = bytes.fromhex(
        "e7000020001e7777010100180000ffffffff0d1d000ef000000000010006000100020062"
    )
    record = Examined(
        change=lambda octets: early + octets if octets[18:20].hex() == CONFIG_REPORT else octets
    ).run(*SCRIPTS[:2])
    # Our answer is one to nothing for the device behind: it leaves.
    assert failed(record).pop("REP-11") == "a report came before it"
    assert "REP-5" not in failed(record)
    (position,) = found(record, "REP-11").evidence
    assert record.messages[position].octets == early


def test_a_report_that_comes_twice_uses_its_invoke_id_twice_and_is_no_gap() -> None:
    def twice(octets: bytes) -> bytes:
        return octets * 2 if octets[18:20].hex() == "0d1d" else octets

    assert set(failed(Examined(change=twice).run(SCRIPTS[0]))) == {"REP-6"}


def test_a_report_whose_number_cannot_be_read_is_no_gap() -> None:
    reports: list[bytes] = []

    def spoil(octets: bytes) -> bytes:
        if octets[18:20].hex() != "0d1d":
            return octets
        reports.append(octets)
        return octets[:26] + b"\xff\xff" + octets[28:] if len(reports) == 2 else octets

    device = Steady(change=spoil)
    assert set(failed(device.run(SCRIPTS[0]))) == {"REP-2"}
    assert len(reports) > 2


def test_a_device_that_leaves_over_a_report_that_was_cut_short_fails_by_the_octets_alone() -> None:
    def shorten(octets: bytes) -> bytes:
        return octets[:-10] if octets[18:20].hex() == "0d1d" else octets

    record = Examined(change=shorten).run(SCRIPTS[0])
    assert set(failed(record)) == {"LINE-1"}
    assert found(record, "REL-1").detail.endswith("Abrt came after lost octets")


class Steady(Examined):
    """It has a report for every second."""

    told = 0

    def speak(self) -> None:
        if self.agent.can_send_confirmed and not self.agent.outstanding and self.now >= self.told:
            self.told = int(self.now) + 1
            report = self._reports.next_report()
            self.agent.send_report(report, confirmed=True, now=self.now)


class Talkative(Examined):
    """It goes on talking when its association was refused."""

    def speak(self) -> None:
        if self.agent.state is State.UNASSOCIATED and self.unsaid:
            self.unsaid = False
            self.agent.send_octets(bytes.fromhex("e50000020000"))

    unsaid = True


@pytest.mark.parametrize(
    ("name", "check_id"), [("no common parameter", "REL-4"), ("a refused association", "REL-3")]
)
def test_a_refused_device_that_talks_on_is_told(name: str, check_id: str) -> None:
    (scenario,) = [scenario for scenario in SCRIPTS if scenario.name == name]
    assert failed(Talkative().run(scenario)) == {check_id: "Rlre came"}


class SaysOneThing(Examined):
    """A scale: it tells its reading, releases, and is off until somebody stands on it again."""

    def take(self, event: AgentEvent | OctetsDiscarded) -> None:
        super().take(event)
        if isinstance(event, ReportConfirmed):
            self.agent.release(now=self.now)


def test_a_device_that_releases_when_it_has_told_everything_fails_nothing() -> None:
    record = SaysOneThing().run(SCRIPTS[0])
    assert failed(record) == {}
    assert found(record, "REP-1").verdict is Verdict.PASS
    assert found(record, "REL-1").verdict is Verdict.NOT_TRIED
    assert "Rlrq came" in found(record, "REL-1").detail
