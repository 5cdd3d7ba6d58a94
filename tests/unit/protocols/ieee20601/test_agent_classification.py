"""What an APDU means to the agent's table, whatever its octets are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.ieee20601.agent_classification import AgentFacts, classify_for_agent
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import (
    MANAGER_ID,
    RLRE,
    RLRQ,
    aarq,
    abrt,
    prst,
)
from tests.unit.protocols.ieee20601.device import aare

T = Trigger
FACTS = AgentFacts(
    draining=False,
    offered_versions=0xC000_0000,
    offers_config=False,
    config_offer=lambda invoke_id: 0x4001 if invoke_id == 3 else None,
    is_outstanding=lambda invoke_id: invoke_id == 5,
    has_object=lambda handle: handle in (0, 55),
    wants_test=False,
    stores=(61,),
)
WAITING = replace(FACTS, offers_config=True)
TESTING = replace(FACTS, wants_test=True)
ECHOED = replace(FACTS, system_id=SystemId(MANAGER_ID))
STRICT = replace(ECHOED, tolerances=STRICT_TOLERANCES)
ACCEPTED = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0000")
REFUSED = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0001")
OTHER = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4002 0000")
BROKEN_VERDICT = bytes.fromhex("0000 FFFFFFFF 0D1C 0001 00")
CONFIRMED = bytes.fromhex("0000 FFFFFFFF 0D1D 0000")


@pytest.mark.parametrize(
    ("octets", "facts", "trigger"),
    [
        (aarq(config_id=0x0190), FACTS, T.RX_AARQ),
        (RLRQ, FACTS, T.RX_RLRQ),
        (RLRE, FACTS, T.RX_RLRE),
        (abrt(0), FACTS, T.RX_ABRT),
        (aare(0), FACTS, T.RX_AARE_ACCEPTED),
        (aare(0, version=0x4000_0000), FACTS, T.RX_AARE_ACCEPTED),
        (aare(3), FACTS, T.RX_AARE_UNKNOWN_CONFIG),
        (aare(1), FACTS, T.RX_AARE_REJECTED),
        (aare(0), ECHOED, T.RX_AARE_ACCEPTED),
        (aare(0), STRICT, T.RX_UNDECODABLE),
        (aare(0, version=0xC000_0000), FACTS, T.RX_UNDECODABLE),
        (aare(0, version=0x2000_0000), FACTS, T.RX_UNDECODABLE),
        (aare(0, encoding=0x4000), FACTS, T.RX_UNDECODABLE),
        (bytes.fromhex("E300 0006 0000 0000 0000"), FACTS, T.RX_UNDECODABLE),
        (aare(0), TESTING, T.RX_UNDECODABLE),
        (aare(3, functional_units=0x2000_0000), TESTING, T.RX_AARE_UNKNOWN_CONFIG),
        (prst(1, 0x0103, bytes(6)), FACTS, T.RX_GET_MDS),
        (prst(1, 0x0103, b"\x00\x37" + bytes(4)), FACTS, T.RX_REQUEST),
        (prst(1, 0x0103, b"\x00\x3d" + bytes(4)), FACTS, T.RX_STORE_REQUEST),
        (prst(1, 0x0107, b"\x00\x3d" + bytes(4)), FACTS, T.RX_STORE_REQUEST),
        (prst(1, 0x0103, b"\x00\x63" + bytes(4)), FACTS, T.RX_REQUEST_UNKNOWN_OBJECT),
        (prst(1, 0x0105, bytes(6)), FACTS, T.RX_REQUEST),
        (prst(1, 0x0107, b"\x00\x63" + bytes(4)), FACTS, T.RX_REQUEST_UNKNOWN_OBJECT),
        (prst(1, 0x0101, bytes(10)), FACTS, T.RX_REQUEST),
        (prst(1, 0x0104, bytes(6)), FACTS, T.RX_REQUEST_UNCONFIRMED),
        (prst(1, 0x0106, bytes(6)), FACTS, T.RX_REQUEST_UNCONFIRMED),
        (prst(1, 0x0104, b"\x00\x63" + bytes(4)), FACTS, T.RX_UNCONFIRMED_UNUSABLE),
        (prst(1, 0x0100, bytes(10)), FACTS, T.RX_UNCONFIRMED_UNUSABLE),
        (prst(5, 0x0201, CONFIRMED), FACTS, T.RX_RESPONSE),
        (prst(6, 0x0201, CONFIRMED), FACTS, T.RX_RESPONSE_UNKNOWN),
        (prst(5, 0x0203, bytes(6)), FACTS, T.RX_RESPONSE_UNKNOWN),
        (prst(5, 0x0300, bytes(4)), FACTS, T.RX_ERROR),
        (prst(3, 0x0400, bytes(2)), FACTS, T.RX_ERROR),
        (prst(6, 0x0300, bytes(4)), FACTS, T.RX_ERROR_UNKNOWN),
        (prst(3, 0x0201, ACCEPTED), WAITING, T.RX_CONFIG_ACCEPTED),
        (prst(3, 0x0201, REFUSED), WAITING, T.RX_CONFIG_REFUSED),
        (prst(3, 0x0201, OTHER), WAITING, T.RX_RESPONSE_UNKNOWN),
        (prst(6, 0x0201, ACCEPTED), WAITING, T.RX_RESPONSE_UNKNOWN),
        (prst(3, 0x0201, BROKEN_VERDICT), WAITING, T.RX_ERROR),
        (prst(6, 0x0201, BROKEN_VERDICT), FACTS, T.RX_RESPONSE_UNKNOWN),
        (prst(6, 0x0201, ACCEPTED), FACTS, T.RX_CONFIG_ACCEPTED),
        (b"\xe7\x00\x00\x04\x00\x02\x12\x34", FACTS, T.RX_UNDECODABLE),
        (prst(1, 0x0103, bytes(5)), FACTS, T.RX_BADLY_STRUCTURED),
    ],
)
def test_every_apdu_has_one_meaning(octets: bytes, facts: AgentFacts, trigger: Trigger) -> None:
    assert classify_for_agent(octets, facts).trigger is trigger


@pytest.mark.parametrize("octets", [RLRQ, prst(1, 0x0103, bytes(6)), b"\xe7\x00\x00\x01\x00"])
def test_after_an_abort_everything_is_stale(octets: bytes) -> None:
    assert classify_for_agent(octets, replace(FACTS, draining=True)).trigger is T.RX_STALE


def test_a_refusal_of_what_was_asked_for_says_why() -> None:
    assert "test association" in classify_for_agent(aare(0), TESTING).why
