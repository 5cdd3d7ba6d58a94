"""Without a choice of anybody's, nothing is lost, cleared, set or taken for a patient's."""

from __future__ import annotations

import dataclasses

import pytest

from protocols.ieee20601.policies import (
    AgentPolicy,
    ClockSetting,
    ManagerPolicy,
    MdsDescription,
)


def test_a_manager_is_careful_by_default() -> None:
    policy = ManagerPolicy()
    assert not policy.supported.test_associations
    assert policy.collect_stored
    assert policy.clear_after_storage == frozenset()
    assert policy.clock_setting is ClockSetting.NEVER
    assert policy.enabled_scanners is None


def test_an_agent_asks_for_a_real_association_and_waits_for_each_answer() -> None:
    policy = AgentPolicy()
    assert policy.functional_units == 0
    assert policy.max_outstanding == 1


def test_a_device_has_no_clock_unless_told() -> None:
    mds = MdsDescription(manufacturer="Acme", model="OX-2")
    assert mds.clock is None
    assert not mds.clock_can_be_set


@pytest.mark.parametrize("policy", [ManagerPolicy(), AgentPolicy()])
def test_a_policy_does_not_change_while_it_is_in_use(policy: ManagerPolicy | AgentPolicy) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.timeouts = policy.timeouts  # type: ignore[misc]  # what must not be possible
