"""What is older than the policy goes, by rows and by months; nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.errors import InvalidError
from cloud.core.observations.storage import make_next_month
from cloud.core.observations.tables import ObservationRow
from cloud.core.retention import holds
from cloud.core.retention.policies import (
    STANDARD,
    RetentionPolicy,
    WantedPolicy,
    change_policy,
    policy_of,
    wanted_of,
)
from cloud.core.retention.sweeping import Swept, due, sweep
from cloud.worker.retention import drop_months, sweep_all
from protocols.uplink.messages import Content
from tests.fixtures.cloud import START, Installation, Tenant, batch, numeric, waveform
from tests.fixtures.held_records import closed_encounter, traces

DAY = timedelta(days=1)
YEAR = 365 * DAY
SEVENTIES = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
ONE_YEAR = RetentionPolicy(waveform_days=100, reading_days=365, record_days=730)


def store(cloud: Installation, times: list[datetime], tenant: Tenant | None = None) -> None:
    owner = tenant or cloud.mine
    contents: list[Content] = [numeric("97", at) for at in times]
    contents += [waveform(at) for at in times]
    with cloud.database.begin(now=cloud.clock()) as work:
        record_uplink(work, owner.gateway, batch(owner, contents, captured_at=cloud.clock()))


def swept(cloud: Installation, policy: RetentionPolicy, tenant: Tenant | None = None) -> Swept:
    owner = (tenant or cloud.mine).tenant_id
    with cloud.database.begin(now=cloud.clock()) as work:
        planned = due(work, owner, policy)
        gone = sweep(work, owner, policy)
    assert planned == gone
    return gone


def times_left(cloud: Installation) -> list[datetime]:
    with cloud.database.reading(now=cloud.clock()) as work:
        return sorted(work.session.scalars(select(ObservationRow.observed_at)))


def test_nothing_goes_unless_somebody_says_so(cloud: Installation) -> None:
    store(cloud, [START - 4 * YEAR, SEVENTIES])
    cloud.clock.pass_(50 * 365 * 86_400)
    assert swept(cloud, STANDARD) == Swept()
    assert cloud.rows() == (2, 2)


def test_each_kind_goes_after_its_own_days(cloud: Installation) -> None:
    store(cloud, [START])
    cloud.clock.pass_(99 * 86_400)
    assert swept(cloud, ONE_YEAR) == Swept()
    cloud.clock.pass_(2 * 86_400)
    assert swept(cloud, ONE_YEAR) == Swept(waveforms=1)
    cloud.clock.pass_(265 * 86_400)
    assert swept(cloud, ONE_YEAR) == Swept(readings=1)
    assert cloud.rows() == (0, 0)
    assert swept(cloud, ONE_YEAR) == Swept()


def test_what_comes_late_or_from_a_wrong_clock_is_kept_as_long(cloud: Installation) -> None:
    times = [START - 2 * YEAR, SEVENTIES, FAR, START]
    store(cloud, times)
    cloud.clock.pass_(364 * 86_400)
    assert swept(cloud, ONE_YEAR).readings == 0
    cloud.clock.pass_(2 * 86_400)
    assert swept(cloud, ONE_YEAR).readings == 4
    assert cloud.rows() == (0, 0)


def test_a_tenants_own_policy_holds_for_it_alone(cloud: Installation) -> None:
    for tenant in (cloud.mine, cloud.other):
        store(cloud, [START], tenant)
    with cloud.database.begin(now=cloud.clock()) as work:
        wanted = WantedPolicy(waveform_days=10)
        policy = change_policy(work, cloud.mine.caller, wanted, ONE_YEAR)
        assert policy == RetentionPolicy(waveform_days=10, reading_days=365, record_days=730)
    with cloud.database.begin(now=cloud.clock()) as work:
        assert wanted_of(work, cloud.mine.tenant_id) == wanted
        assert policy_of(work, cloud.other.tenant_id, ONE_YEAR) == ONE_YEAR
        change_policy(work, cloud.mine.caller, wanted, ONE_YEAR)
    cloud.clock.pass_(11 * 86_400)
    sweep_all(cloud.database, cloud.clock, ONE_YEAR)
    assert cloud.rows() == (2, 1)


@pytest.mark.parametrize(
    "days", [(10, 9, 30), (10, 30, 20), (0, 30, 30), (-1, 0, 0), (40_000, 0, 0)]
)
def test_a_policy_that_contradicts_itself_is_refused(days: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidError, match="invalid_retention"):
        RetentionPolicy(waveform_days=days[0], reading_days=days[1], record_days=days[2])


def test_a_whole_record_goes_and_the_held_one_stays(cloud: Installation) -> None:
    old = closed_encounter(cloud)
    held = closed_encounter(cloud, started_at=START + timedelta(hours=2), incident="INC-2")
    with cloud.database.begin(now=cloud.clock()) as work:
        holds.place_hold(work, cloud.mine.caller, encounter_id=held, reason="court order 7")
    cloud.clock.pass_(731 * 86_400)
    before = traces(cloud, held)
    with cloud.database.begin(now=cloud.clock()) as work:
        assert due(work, cloud.mine.tenant_id, ONE_YEAR) == Swept(
            waveforms=1, readings=2, records=1
        )
    drop_months(cloud.database, cloud.clock, ONE_YEAR)
    sweep_all(cloud.database, cloud.clock, ONE_YEAR)
    assert traces(cloud, old) == {}
    assert traces(cloud, held) == before
    assert cloud.rows() == (2, 1)
    with cloud.database.reading(now=cloud.clock()) as work:
        actions = set(
            work.session.scalars(
                select(AuditRow.action).where(AuditRow.client_id == "service:retention")
            )
        )
    assert {"retention.removed", "erase"} <= actions


def test_a_month_nobody_keeps_is_dropped_with_its_keys(cloud: Installation) -> None:
    store(cloud, [START, START + 20 * DAY])
    store(cloud, [START], cloud.other)
    cloud.clock.pass_(150 * 86_400)
    drop_months(cloud.database, cloud.clock, ONE_YEAR)
    expected = (3, 0) if cloud.database.engine.dialect.name == "postgresql" else (3, 3)
    assert cloud.rows() == expected
    sweep_all(cloud.database, cloud.clock, ONE_YEAR)
    assert cloud.rows() == (3, 0)
    if cloud.database.engine.dialect.name == "postgresql":
        with cloud.database.reading(now=cloud.clock()) as work:
            assert work.session.scalar(text("SELECT count(*) FROM waveforms_keys")) == 0
            assert work.session.scalar(text("SELECT count(*) FROM observations_keys")) == 3


def test_a_month_is_kept_for_one_tenant_that_wants_it(cloud: Installation) -> None:
    for tenant in (cloud.mine, cloud.other):
        store(cloud, [START], tenant)
    with cloud.database.begin(now=cloud.clock()) as work:
        for_ever = WantedPolicy(waveform_days=0, reading_days=0, record_days=0)
        change_policy(work, cloud.other.caller, for_ever, ONE_YEAR)
    cloud.clock.pass_(400 * 86_400)
    drop_months(cloud.database, cloud.clock, ONE_YEAR)
    assert cloud.rows() == (2, 2)
    sweep_all(cloud.database, cloud.clock, ONE_YEAR)
    assert cloud.rows() == (1, 1)


def test_a_month_with_what_came_late_is_not_dropped(cloud: Installation) -> None:
    cloud.clock.pass_(90 * 86_400)
    store(cloud, [START])
    cloud.clock.pass_(30 * 86_400)
    drop_months(cloud.database, cloud.clock, ONE_YEAR)
    assert cloud.rows() == (1, 1)
    while True:
        with cloud.database.begin(now=cloud.clock()) as work:
            if make_next_month(work) is None:
                break
    assert times_left(cloud) == [START]
