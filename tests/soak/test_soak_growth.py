"""The soak's judgement of memory and files: what is flat passes, a leak is found where it hides."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.census import Census, Look
from tests.soak.growth import findings, lines, rise, rise_in_a_life

HOUR = 3600.0
LOOK_EVERY = 12.0
KILLED_EVERY = 900.0
Curve = Callable[[float, float], float]


def census(
    megabytes: Curve,
    files: Curve = lambda _at, _age: 40,
    *,
    name: str = "edge",
    killed_every: float = KILLED_EVERY,
    hours: float = 12.0,
) -> Census:
    """A made-up one: both curves over the seconds of the shift and of the process's life.

    A start takes a few looks with less of all; every look is off by a little.
    """
    found = Census(name)
    for number in range(int(hours * HOUR / LOOK_EVERY)):
        at = number * LOOK_EVERY
        age = at % killed_every
        wobble = (number * 7 % 5 - 2) / 4
        is_up = age > 2 * LOOK_EVERY
        resident = megabytes(at, age) + wobble if is_up else 20.0
        opened = files(at, age) + number % 3 if is_up else 3
        found.looks.append(Look(at, resident, int(opened), age, int(at // killed_every) + 100))
    return found


def by_quarters(*quarters: float) -> Curve:
    """A program that was so big in each quarter of twelve hours."""
    return lambda at, _age: quarters[int(at / (12 * HOUR) * 4)]


def cloud(megabytes: Curve, files: Curve = lambda _at, _age: 36) -> Census:
    return census(megabytes, files, name="cloud", killed_every=1000 * HOUR)


def test_a_good_shift_is_flat() -> None:
    edge = census(by_quarters(90.2, 93.5, 93.6, 91.4))
    assert findings([edge, cloud(by_quarters(146.6, 159.9, 161.8, 161.6))]) == []
    assert rise(edge, lambda look: look.megabytes) == pytest.approx(-2.1, abs=0.6)
    assert "not judged" not in "".join(lines([edge]))


def test_a_cloud_that_grows_and_grows_is_found_twice() -> None:
    found = findings([cloud(lambda at, _age: 160 + 24 * at / HOUR)])
    assert len(found) == 2
    assert "MB more at the end" in found[0]
    assert "cloud gains 24" in found[1]


def test_a_step_that_stays_is_found() -> None:
    (found,) = findings([cloud(by_quarters(147, 160, 160, 190))])
    assert found.startswith("cloud has 30.0 MB more at the end, at most 16.0")


def test_a_leak_that_every_kill_hides_is_found_within_the_lives() -> None:
    leaking = census(lambda _at, age: 90 + 36 * age / HOUR)
    assert rise(leaking, lambda look: look.megabytes) < 1
    (found,) = findings([leaking])
    assert found.startswith("edge gains 3")
    assert "MB an hour of a life" in found


def test_a_gateway_that_starts_bigger_each_time_is_found_over_the_run() -> None:
    (found,) = findings([census(lambda at, age: 90 + 3 * (at - age) / HOUR)])
    assert "MB more at the end" in found


def test_what_a_start_takes_is_no_leak() -> None:
    starting = census(lambda _at, age: 90 + min(age, 360.0) / 72)
    assert findings([starting]) == []
    assert rise_in_a_life(starting, lambda look: look.megabytes) == pytest.approx(0, abs=1)


def test_what_one_life_alone_takes_in_a_burst_is_no_leak() -> None:
    def draining(at: float, age: float) -> float:
        return 90 + (age / 8 if 9 * HOUR < at < 9 * HOUR + KILLED_EVERY else 0)

    assert findings([census(draining)]) == []


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (cloud(lambda _a, _b: 160, lambda at, _age: 36 + at / 900), "cloud gains 4"),
        (cloud(lambda _a, _b: 160, lambda at, _age: 36 + 45 * (at > 9 * HOUR)), "cloud has 4"),
        (census(lambda _a, _b: 90, lambda _at, age: 40 + age / 100), "edge gains "),
    ],
)
def test_files_that_stay_open_are_found(judged: Census, words: str) -> None:
    found = findings([judged])
    assert found
    assert found[0].startswith(words)
    assert all("open files" in line for line in found)


def test_files_of_a_crowd_at_the_store_are_no_leak() -> None:
    assert findings([cloud(lambda _a, _b: 160, lambda at, _age: 36 + 9 * (at > 8 * HOUR))]) == []


def test_a_short_run_is_told_and_not_judged() -> None:
    short = census(lambda at, _age: 100 + at, hours=0.5)
    assert findings([short]) == []
    assert "(not judged: short)" in "".join(lines([short]))


def test_lives_that_never_warmed_up_say_nothing() -> None:
    killed = census(lambda _at, age: 90 + age, killed_every=120.0)
    assert rise_in_a_life(killed, lambda look: look.megabytes) is None
    assert findings([killed]) == []
    assert "within a life nothing known" in "".join(lines([killed]))


def test_a_program_that_was_never_looked_at_is_found() -> None:
    assert findings([Census("edge")]) == ["edge was never looked at"]
    assert not list(lines([Census("edge")]))


def test_looks_at_a_real_process_are_kept_and_written(tmp_path: Path) -> None:
    ours = Census("edge")
    for at in (0.0, 12.0):
        ours.look(os.getpid(), at)
    ours.look(1 << 30, 24.0)
    assert [one.age for one in ours.looks] == [0.0, 12.0]
    assert all(one.megabytes > 5 and one.files > 2 for one in ours.looks)
    ours.write(tmp_path / "census.csv")
    written = (tmp_path / "census.csv").read_text().splitlines()
    assert written[0] == "at,megabytes,files,age,pid"
    assert len(written) == 3
