"""What an operator may say about devices, and what the managers make of it."""

from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.drivers.policy import DriverPolicy
from protocols.ieee20601.association import AssociateResult, decide, offer
from protocols.ieee20601.policies import ClockSetting, ManagerPolicy
from protocols.model.codes import SystemId
from tests.unit.edge.making import OXIMETER

OTHER = SystemId(b"OTHER123")


def managed(policy: DriverPolicy) -> ManagerPolicy:
    return policy.manager(lambda: True, knows_time=lambda: True)


def test_by_default_no_clock_is_set_no_test_taken_and_every_device_welcome() -> None:
    policy = managed(DriverPolicy())
    assert policy.clock_setting is ClockSetting.NEVER
    assert policy.zone is UTC
    assert not policy.supported.test_associations
    assert policy.supported.admit(OTHER) is AssociateResult.ACCEPTED


def test_steadiness_and_silence_are_the_operator_s() -> None:
    silence = (
        DriverPolicy(stale_after_intervals=3, stale_after_seconds=9)
        .manager(bool, knows_time=bool)
        .silence
    )
    assert (silence.factor, silence.least_seconds) == (3, 9)


def test_only_allowed_devices_may_associate() -> None:
    supported = (
        DriverPolicy(allowed_devices=(str(OXIMETER),))
        .manager(lambda: True, knows_time=bool)
        .supported
    )
    welcome = decide(offer(system_id=OXIMETER, config_id=0x190), supported)
    unknown = decide(offer(system_id=OTHER, config_id=0x190), supported)
    assert welcome.result is AssociateResult.ACCEPTED
    assert unknown.result is AssociateResult.REJECTED_UNAUTHORIZED


def test_devices_are_asked_to_come_later_while_the_gateway_takes_nobody() -> None:
    supported = DriverPolicy().manager(lambda: False, knows_time=lambda: True).supported
    assert supported.admit(OXIMETER) is AssociateResult.REJECTED_TRANSIENT


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("unassociated_seconds", 0),
        ("stale_after_seconds", 0),
        ("release_seconds", -1),
        ("stale_after_intervals", -1),
        ("time_zone", "Nowhere/Atlantis"),
        ("time_zone", "../secret"),
        ("allowed_devices", ("no id",)),
        ("clear_after_storage", ("all",)),
        ("stored_hours", -1.0),
        ("stored_hours", 1e9),
        ("stored_again_seconds", -1.0),
        ("battery_low_percent", 101),
        ("clock_tolerance_seconds", -1.0),
    ],
)
def test_what_cannot_be_is_refused(setting: str, value: object) -> None:
    with pytest.raises(ValueError, match=setting):
        DriverPolicy(**{setting: value})  # type: ignore[arg-type]  # one of several fields


def test_a_time_zone_goes_by_its_name() -> None:
    assert DriverPolicy(time_zone="UTC").zone == ZoneInfo("UTC")


def test_by_default_stores_are_read_whole_and_never_cleared() -> None:
    policy = managed(DriverPolicy())
    assert policy.collect_stored
    assert policy.stored_age is None
    assert policy.clear_after_storage == frozenset()


def test_what_is_said_of_stored_readings_reaches_the_connections() -> None:
    said = DriverPolicy(collect_stored=False, stored_hours=12, clear_after_storage=(OXIMETER.hex,))
    policy = said.manager(lambda: True, knows_time=bool)
    assert not policy.collect_stored
    assert policy.stored_age == timedelta(hours=12)
    assert policy.clear_after_storage == {OXIMETER}
