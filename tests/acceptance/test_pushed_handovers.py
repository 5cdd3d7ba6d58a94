"""Handovers pushed by worker processes to a third-party FHIR server, and killed in between."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.judges import HERE, install_node_packages
from tests.fixtures.exchange_programs import ExchangePrograms, exchange_programs
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

HANDOVERS = 6
PATIENCE = 300.0


@contextmanager
def foreign_server() -> Iterator[str]:
    """The address of a fresh FHIR server that is not ours."""
    install_node_packages()
    process = subprocess.Popen(
        ["node", str(HERE / "hospital.mjs")], stdout=subprocess.PIPE, cwd=HERE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}/"
        finally:
            process.terminate()


def found(url: str, query: str) -> list[dict[str, Any]]:
    """What a search there finds."""
    answer = httpx.get(f"{url}{query}", timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return [one["resource"] for one in answer.json().get("entry", [])]


def _has_taken(programs: ExchangePrograms, count: int) -> bool:
    return programs.states().count("taken") >= count


def test_every_handover_lies_there_once_though_workers_are_killed(tmp_path: Path) -> None:
    with (
        foreign_server() as url,
        exchange_programs(tmp_path, timeout_seconds=10) as programs,
    ):
        programs.connect(url)
        encounters = [programs.hand_over() for _ in range(HANDOVERS)]
        for _ in range(2):
            programs.start_worker()
        for count in (1, 3):
            wait_until(
                partial(_has_taken, programs, count),
                timeout=PATIENCE,
                what=f"{count} handovers",
            )
            programs.kill_workers()
            programs.start_worker()
        wait_until(
            lambda: programs.states() == ["taken"] * HANDOVERS,
            timeout=PATIENCE,
            what="every handover",
            every=0.5,
        )
        assert len(found(url, "Encounter?_count=100")) == HANDOVERS
        assert len(found(url, "Patient?_count=100")) == HANDOVERS
        listed = programs.ask("GET", f"deliveries?encounter_id={encounters[0]}", as_admin=True)
        (delivery,) = listed["deliveries"]
        placed = programs.ask("GET", f"deliveries/{delivery['id']}", as_admin=True)["placed"]
        assert {one["location"].partition("/")[0] for one in placed} >= {"Patient", "Encounter"}
        (encounter,) = [one for one in placed if one["location"].startswith("Encounter/")]
        assert httpx.get(f"{url}{encounter['location']}").json()["resourceType"] == "Encounter"
