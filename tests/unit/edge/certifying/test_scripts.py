"""The scripts against a good device and against one for every fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.certifying.checks import CHECKS, Verdict
from edge.certifying.scripts import SCRIPTS
from protocols.ieee20601.association import FunctionalUnits
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import AgentTimeouts
from tests.unit.edge.certifying.examined import POLICY, Change, Examined, failed, found
from tests.unit.protocols.ieee20601.pair import OXIMETER, describe

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
