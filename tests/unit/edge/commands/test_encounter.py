"""The encounter that started last is on board, whatever order commands arrive in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from edge.commands.carrying import Carried
from edge.commands.encounter import Binding, EncounterOnBoard
from edge.commands.inbox import CommandInbox
from protocols.uplink.commands import (
    BindEncounter,
    CommandAnswer,
    Outcome,
    ReadClock,
    ReleaseEncounter,
    Request,
)
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.making import NOON


class Vehicle:
    """An inbox and the encounter over it, and what observers were told."""

    def __init__(self, folder: Path) -> None:
        self.inbox = CommandInbox(folder)
        self.encounter = EncounterOnBoard(self.inbox)
        self.told: list[tuple[str | None, str | None]] = []
        self.encounter.observers.append(
            lambda before, now: self.told.append(
                (before.encounter_id if before else None, now.encounter_id if now else None)
            )
        )

    async def carry_out(self, request: Request) -> Carried:
        """As the desk does."""
        one = command(request)
        self.inbox.take(one)
        binds = isinstance(request, BindEncounter)
        carried = await (self.encounter.bind if binds else self.encounter.release)(one)
        answer = CommandAnswer(command_id=one.command_id, outcome=carried.outcome, at=NOON)
        self.inbox.finish(answer, carried.keep)
        carried.then()
        return carried


def bind(name: str, *, minutes: int = 0) -> BindEncounter:
    return BindEncounter(
        encounter_id=name,
        number=f"I-{name}",
        started_at=NOON + timedelta(minutes=minutes),
        complaint="chest pain",
        sex="female",
    )


@pytest.fixture
def vehicle(tmp_path: Path) -> Vehicle:
    return Vehicle(tmp_path)


async def test_a_binding_is_told_kept_and_released(vehicle: Vehicle, tmp_path: Path) -> None:
    await vehicle.carry_out(bind("enc_1"))
    assert vehicle.encounter.current == Binding(
        encounter_id="enc_1",
        started_at=NOON,
        number="I-enc_1",
        complaint="chest pain",
        sex="female",
    )
    assert Vehicle(tmp_path).encounter.current == vehicle.encounter.current
    await vehicle.carry_out(ReleaseEncounter(encounter_id="enc_1"))
    assert vehicle.encounter.current is None
    assert Vehicle(tmp_path).encounter.current is None
    assert vehicle.told == [(None, "enc_1"), ("enc_1", None)]


async def test_an_older_encounter_supersedes_nothing_even_after_a_release(
    vehicle: Vehicle,
) -> None:
    await vehicle.carry_out(bind("late", minutes=5))
    carried = await vehicle.carry_out(bind("early"))
    assert carried.facts == (("binding", "superseded"),)
    assert vehicle.encounter.current is not None
    assert vehicle.encounter.current.encounter_id == "late"
    await vehicle.carry_out(ReleaseEncounter(encounter_id="late"))
    await vehicle.carry_out(bind("early"))
    assert vehicle.encounter.current is None


async def test_a_release_of_another_encounter_changes_nothing(vehicle: Vehicle) -> None:
    await vehicle.carry_out(bind("enc_2"))
    carried = await vehicle.carry_out(ReleaseEncounter(encounter_id="enc_1"))
    assert carried.facts == (("binding", "not_current"),)
    assert vehicle.told == [(None, "enc_2")]


async def test_the_crew_begins_and_ends_one_on_its_own_and_dispatch_takes_over(
    vehicle: Vehicle, tmp_path: Path
) -> None:
    own = Binding(encounter_id="local", started_at=NOON, is_from_dispatch=False)
    vehicle.encounter.begin(own)
    assert Vehicle(tmp_path).encounter.current == own
    await vehicle.carry_out(bind("enc_1", minutes=1))
    vehicle.encounter.end()
    assert vehicle.told == [(None, "local"), ("local", "enc_1"), ("enc_1", None)]


async def test_another_request_is_refused(vehicle: Vehicle) -> None:
    for handler in (vehicle.encounter.bind, vehicle.encounter.release):
        carried = await handler(command(ReadClock()))
        assert (carried.outcome, carried.reason) == (Outcome.REFUSED, "another_request")
