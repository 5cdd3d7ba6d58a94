"""Each vector that is said to show a deviation shows it: told with its id, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.apdus import Aare, Aarq, Prst, decode_apdu
from protocols.ieee20601.configuration import decode_configuration
from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.event_reports import EventType, decode_event_info
from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.policies import AgentPolicy, ManagerPolicy, MdsDescription
from protocols.ieee20601.remote_operations import EventReport, RorsGet
from protocols.ieee20601.tolerances import EVERY_TOLERANCE, TOLERANCES, Tolerance, Tolerances
from protocols.model.codes import SystemId
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
OURS = SystemId(bytes(8))
SHOWN = [item for item in TOLERANCES if item.shown_by.startswith("vector ")]
IN_A_REPORT = ("missing-unit",)
"""A configuration shows it, and only a report that uses it deviates."""


def octets_of(tolerance: Tolerance) -> bytes:
    vector_id = tolerance.shown_by.removeprefix("vector ")
    (vector,) = [item for item in phd()["vectors"] if item["id"] == vector_id]
    return bytes.fromhex(vector["hex"])


def told(octets: bytes, tolerances: Tolerances) -> Iterable[str]:
    """What reading a vector tells; DecodeError where it refuses."""
    notes: list[str] = []
    apdu = decode_apdu(octets, leniency=tolerances, notes=notes)
    match apdu:
        case Aarq():
            return (*notes, *offered(octets, tolerances))
        case Aare():
            return (*notes, *answered(octets, apdu, tolerances))
        case Prst(data=data):
            if isinstance(data.message, RorsGet):
                facts = read_mds(
                    data.message.attributes, system_id=OURS, utc=NOON, tolerances=tolerances
                )
                return (*notes, *facts.notes)
            assert isinstance(data.message, EventReport)
            info = data.message.event_info
            if data.message.event_type == EventType.CONFIG:
                return (*notes, *decode_configuration(info, leniency=tolerances).warnings)
            decode_event_info(data.message.event_type, info, leniency=tolerances, notes=notes)
    return notes


def offered(octets: bytes, tolerances: Tolerances) -> list[str]:
    manager = ManagerConnection(
        system_id=OURS,
        standard_configurations=STANDARD_CONFIGURATIONS,
        configurations=lambda _system_id, _config_id: None,
        policy=ManagerPolicy(tolerances=tolerances),
    )
    manager.transport_connected(now=0.0)
    manager.receive_data(octets, now=0.0, utc=NOON)
    return warnings(manager)


def answered(octets: bytes, apdu: Aare, tolerances: Tolerances) -> list[str]:
    chosen = apdu.phd
    assert chosen is not None
    agent = AgentConnection(
        system_id=chosen.system_id,
        configuration=STANDARD_CONFIGURATIONS[0x0190],
        mds=MdsDescription(manufacturer="", model=""),
        policy=AgentPolicy(tolerances=tolerances, protocol_versions=chosen.protocol_version),
    )
    agent.transport_connected(now=0.0)
    agent.associate(now=0.0)
    agent.receive_data(octets, now=0.0, utc=NOON)
    return warnings(agent)


def warnings(connection: ManagerConnection | AgentConnection) -> list[str]:
    found = []
    while (event := connection.next_event()) is not None:
        if isinstance(event, ProtocolWarning):
            found.append(event.text)
    return found


@pytest.mark.parametrize("tolerance", SHOWN, ids=lambda item: item.id)
def test_the_vector_shows_it(tolerance: Tolerance) -> None:
    octets = octets_of(tolerance)
    mark = f"tolerated {tolerance.id}: "
    if tolerance.id in IN_A_REPORT:
        message = decode_apdu(octets)
        assert isinstance(message, Prst)
        assert isinstance(message.data.message, EventReport)
        known = decode_configuration(message.data.message.event_info)
        assert any(item.is_metric and item.unit is None for item in known.objects.values())
        return
    assert any(note.startswith(mark) for note in told(octets, EVERY_TOLERANCE))
    try:
        notes = told(octets, EVERY_TOLERANCE.without(tolerance))
    except DecodeError:
        return
    assert not any(note.startswith(mark) for note in notes)
    assert any("(20601" in note for note in notes), "refused, and the clause says why"


def test_enough_of_them_are_shown_by_vectors() -> None:
    assert len(SHOWN) >= 9
