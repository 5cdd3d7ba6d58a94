"""Both roles have the same verbs, and follow their tables row by row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.events import AssociationEnded
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, abrt
from tests.unit.protocols.ieee20601.pair import Pair
from tests.unit.protocols.ieee20601.scanned import scanning


def test_a_transport_comes_and_goes() -> None:
    pair = Pair()
    for end in (pair.agent, pair.manager):
        with pytest.raises(LocalProtocolError, match="without a transport"):
            end.receive_data(b"", now=0.0, utc=pair.utc)
        end.transport_connected(now=0.0)
        assert end.state.name == "UNASSOCIATED"
        with pytest.raises(LocalProtocolError, match="in state Unassociated"):
            end.transport_connected(now=0.0)
        end.transport_closed(now=0.0)
        assert end.state.name == "DISCONNECTED"


def test_one_trigger_may_decide_another() -> None:
    """An accepted request with an unknown configuration is followed by the configuration."""
    pair = Pair(configuration=scanning())
    pair.connect()
    pair.agent.associate(now=0.0)
    pair.settle()
    assert pair.agent.state is State.OPERATING


def test_what_no_state_allows_is_refused_and_changes_nothing() -> None:
    pair = Pair()
    pair.associate()
    with pytest.raises(LocalProtocolError, match="not possible in state Operating"):
        pair.agent.associate(now=0.0)
    assert pair.agent.state is State.OPERATING


def test_both_roles_release_and_abort_by_the_same_verbs() -> None:
    for role in ("agent", "manager"):
        pair = Pair()
        pair.associate()
        end = getattr(pair, role)
        end.release(now=0.0)
        assert end.data_to_send() == [RLRQ]
        end.abort(3, now=0.0)
        assert end.data_to_send() == [abrt(3)]
        assert end.state is State.UNASSOCIATED


@pytest.mark.parametrize("reason", [-1, 0x10000])
def test_a_reason_has_16_bits(reason: int) -> None:
    pair = Pair()
    pair.associate()
    with pytest.raises(LocalProtocolError, match="no reason of 16 bits"):
        pair.manager.abort(reason, now=0.0)


@pytest.mark.parametrize(
    ("octets", "reply", "cause"),
    [
        (RLRQ, [RLRE], "None"),
        (abrt(2), [], "the {peer} aborted, reason 2"),
        (RLRE, [abrt(0)], "RLRE in state Operating"),
    ],
)
def test_both_roles_end_alike_by_what_they_receive(
    octets: bytes, reply: list[bytes], cause: str
) -> None:
    for role, peer in (("agent", "manager"), ("manager", "agent")):
        pair = Pair()
        pair.associate()
        end = getattr(pair, role)
        end.receive_data(octets, now=0.0, utc=pair.utc)
        assert end.data_to_send() == reply
        assert end.state is State.UNASSOCIATED
        ended = [event for event in events_of(end) if isinstance(event, AssociationEnded)]
        assert [str(event.cause) for event in ended] == [cause.format(peer=peer)]
        assert ended[0].released is (octets == RLRQ)


def events_of(end: AgentConnection | ManagerConnection) -> Iterator[object]:
    while (event := end.next_event()) is not None:
        yield event
