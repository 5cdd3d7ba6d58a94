"""Acknowledgements in time and too late, and turns of silence."""

from __future__ import annotations

from uuid import UUID

import pytest

from edge.errors import UplinkUnreachableError
from edge.uplink.answers import Answers, Silence
from protocols.uplink.messages import UplinkAck


def ack(number: int) -> UplinkAck:
    return UplinkAck(batch_id=UUID(int=number), stored=1, repeated=0)


async def test_an_answer_reaches_who_waits_for_it_once() -> None:
    answers = Answers()
    answer = answers.expect(UUID(int=1))
    answers.take(ack(1))
    answers.take(ack(1))
    assert await answer == ack(1)
    answers.give_up(UUID(int=1))
    answers.give_up(UUID(int=1))


async def test_an_answer_that_comes_too_late_spares_the_next_attempt() -> None:
    answers = Answers()
    answers.expect(UUID(int=1))
    answers.give_up(UUID(int=1))
    answers.take(ack(1))
    assert answers.came_late(UUID(int=1)) == ack(1)
    assert answers.came_late(UUID(int=1)) is None


async def test_only_so_many_late_answers_are_kept() -> None:
    answers = Answers()
    for number in range(100):
        answers.take(ack(number))
    assert answers.came_late(UUID(int=0)) is None
    assert answers.came_late(UUID(int=99)) == ack(99)


async def test_when_the_way_breaks_nobody_waits_any_longer() -> None:
    answers = Answers()
    first, second = answers.expect(UUID(int=1)), answers.expect(UUID(int=2))
    answers.take(ack(1))
    answers.fail_all(UplinkUnreachableError("it broke"))
    assert await first == ack(1)
    with pytest.raises(UplinkUnreachableError):
        await second


def test_batches_side_by_side_are_one_turn_of_silence() -> None:
    silence = Silence()
    assert silence.note(began=1.0, now=4.0)
    assert not silence.note(began=2.0, now=5.0)
    assert silence.note(began=4.5, now=8.0)
    assert silence.turns == 2
    silence.end()
    assert silence.turns == 0
