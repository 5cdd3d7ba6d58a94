"""Workers as processes that send to a hospital, killed while they do: nothing lost or twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.fixtures.exchange_programs import PATIENCE, exchange_programs
from tests.fixtures.hospitals import Said, scripted_hospital
from tests.postgres import PostgresServer
from tests.waiting import wait_until


@pytest.mark.parametrize("database", ["postgresql", pytest.param("sqlite", marks=pytest.mark.soak)])
def test_workers_that_are_killed_while_they_send_leave_it_to_others(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = ""
    if database == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    with (
        scripted_hospital() as hospital,
        scripted_hospital() as other,
        exchange_programs(tmp_path, database_url=url) as programs,
    ):
        programs.connect(hospital.url)
        programs.connect(other.url, name="Archive")
        released = threading.Event()
        hospital.script.append(Said(waits=released, carries_out=True, hangs_up=True))
        for _ in range(3):
            programs.hand_over()
        for _ in range(2):
            programs.start_worker()
        wait_until(lambda: len(hospital.heard) >= 1, timeout=PATIENCE, what="the first handover")
        # The hospital that is slow holds nobody else up.
        wait_until(lambda: len(other.heard) >= 3, timeout=PATIENCE, what="the other hospital")
        programs.kill_workers()
        released.set()
        programs.start_worker()
        wait_until(
            lambda: programs.states() == ["taken"] * 6,
            timeout=PATIENCE,
            what="every handover",
            every=0.5,
        )
        bodies = [heard.body for heard in hospital.heard]
        assert len(set(bodies)) == 3
        assert bodies.count(bodies[0]) >= 2, "the first was sent again, to the octet"
        assert len(hospital.of_type("Encounter")) == 3
        assert len(other.of_type("Encounter")) == 3
