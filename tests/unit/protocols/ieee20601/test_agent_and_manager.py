"""A manager and an agent of ours together."""

from __future__ import annotations

from decimal import Decimal

from protocols.ieee20601.association import Supported
from protocols.ieee20601.configuration import build_configuration, encode_configuration
from protocols.ieee20601.events import (
    AgentAssociated,
    Associated,
    ConfigurationReceived,
    DeviceDescribed,
    ObservationsReported,
    ReportConfirmed,
)
from protocols.ieee20601.policies import AgentPolicy, ManagerPolicy
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.model.timestamps import TimeQuality
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import (
    AGENT_ID,
)
from tests.unit.protocols.ieee20601.pair import OXIMETER, SPO2, Pair

EXTENDED = build_configuration(0x4001, OXIMETER.configuration.report.objects)


def test_both_ends_together_with_a_standard_configuration() -> None:
    pair = Pair()
    pair.associate()
    assert pair.manager_events[0] == Associated(SystemId(AGENT_ID), 0x0190, True, False)
    described = pair.manager_events[1]
    assert isinstance(described, DeviceDescribed)
    info = described.info
    assert (info.manufacturer, info.model, info.serial_number, info.firmware) == (
        "Acme",
        "OX-2",
        "4711",
        "1.2",
    )
    assert info.specializations == ((OXIMETER.profile, OXIMETER.profile_version),)
    pair.now = 5.0
    invoke_id = pair.agent.send_report(pair.next_report(97), confirmed=True, now=5.0)
    pair.settle()
    assert pair.agent_events[-1] == ReportConfirmed(invoke_id)
    (reported,) = [e for e in pair.manager_events if isinstance(e, ObservationsReported)]
    saturation = reported.observations[0]
    assert isinstance(saturation, NumericObservation)
    assert (saturation.type, saturation.value.number) == (SPO2, Decimal(97))
    assert saturation.observed_at.at == pair.utc
    assert saturation.observed_at.quality is TimeQuality.DEVICE


def test_both_ends_together_with_an_extended_configuration() -> None:
    pair = Pair(configuration=EXTENDED)
    pair.associate()
    received = pair.manager_events[0]
    assert isinstance(received, ConfigurationReceived)
    assert received.octets == encode_configuration(EXTENDED)
    assert pair.manager_events[1] == Associated(SystemId(AGENT_ID), 0x4001, False, False)


def test_both_ends_agree_that_an_association_is_a_test() -> None:
    pair = Pair(
        agent_policy=AgentPolicy(functional_units=0x60000000),
        manager_policy=ManagerPolicy(supported=Supported(test_associations=True)),
    )
    pair.associate()
    assert pair.agent_events == [AgentAssociated(0x0190, known=True, test=True)]
    pair.agent.send_report(pair.next_report(), confirmed=False, now=pair.now)
    pair.settle()
    reported = pair.manager_events[-1]
    assert isinstance(reported, ObservationsReported)
    assert all(o.status & MeasurementStatus.TEST_DATA for o in reported.observations)


def test_the_newest_version_both_speak_is_used() -> None:
    pair = Pair(agent_policy=AgentPolicy(protocol_versions=0xC0000000))
    pair.associate()
    assert pair.agent.state is State.OPERATING


def test_every_standard_configuration_is_known_to_the_manager() -> None:
    for config_id, configuration in STANDARD_CONFIGURATIONS.items():
        pair = Pair(configuration=configuration)
        pair.associate()
        associated = pair.manager_events[0]
        assert isinstance(associated, Associated)
        assert (associated.config_id, associated.known) == (config_id, True)
