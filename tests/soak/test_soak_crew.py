"""The soak's crew releases the patient it means, and knows when that cannot be known."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.commands.encounter import Binding
from simulators.incident.listening import free_port
from tests.fixtures.served_crew import served_crew
from tests.soak.crew import Answer, CrewScreen, Release, choose_pin


def test_the_screen_releases_the_encounter_it_shows_and_no_other(tmp_path: Path) -> None:
    port = free_port()
    choose_pin(tmp_path)
    with served_crew(tmp_path, port=port) as page, CrewScreen(port) as screen:
        assert screen.release("enc-1") is Answer.NOT_ON_BOARD
        page.bind(Binding(encounter_id="enc-1", started_at=datetime.now(UTC)))
        assert screen.release("enc-2") is Answer.NOT_ON_BOARD
        page.crew.page.sessions.end_all()
        assert screen.release("enc-1") is Answer.TAKEN
        assert page.encounter.current is None
        assert screen.release("enc-1") is Answer.NOT_ON_BOARD
        (event,) = page.crew.page.desk.journal.events
        assert (event.kind, event.encounter) == ("encounter_released", "enc-1")


def test_with_no_gateway_there_is_nobody_to_ask() -> None:
    with CrewScreen(free_port()) as screen:
        assert screen.release("enc-1") is Answer.AWAY


A, N, T, U = Answer.AWAY, Answer.NOT_ON_BOARD, Answer.TAKEN, Answer.UNKNOWN


@pytest.mark.parametrize(
    ("answers", "is_known", "span"),
    [
        ([T], True, (0.0, 1.0)),
        ([A, N, A, T], True, (6.0, 7.0)),
        ([N, U, A, T], True, (2.0, 7.0)),
        ([U, A, N], True, (0.0, 5.0)),
        ([A, U, A], False, (2.0, math.inf)),
        ([N, A, N], False, None),
    ],
)
def test_a_release_is_tried_until_it_holds(
    answers: list[Answer], *, is_known: bool, span: tuple[float, float] | None
) -> None:
    release = Release("enc-1")
    for number, answer in enumerate(answers):
        # Each press at an even second, answered at the odd one after it.
        seconds = iter((2.0 * number, 2.0 * number + 1))
        press = {release.encounter_id: answer}.__getitem__
        done = release.attempt(press, seconds.__next__)
        assert done is (is_known and number == len(answers) - 1)
    assert release.span == span
