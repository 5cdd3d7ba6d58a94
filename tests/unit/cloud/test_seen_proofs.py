"""Proofs that API calls brought, each good once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from cloud.api.shared.seen_proofs import SeenProofs
from tests.fixtures.cloud import START

MINUTE = timedelta(minutes=1)


def test_what_was_made_before_this_process_began_may_have_been_seen_by_the_last_one() -> None:
    began = START + timedelta(milliseconds=700)
    seen = SeenProofs(since=began)
    until = START + 2 * MINUTE
    for made_at in (START - timedelta(seconds=1), START - MINUTE):
        assert not seen.is_first("a", made_at=made_at, now=began, until=until)
    # Proofs tell their time in whole seconds.
    assert seen.is_first("a", made_at=START, now=began, until=until)


def test_the_second_sight_is_not_the_first() -> None:
    seen = SeenProofs(since=START)
    assert seen.is_first("a", made_at=START, now=START, until=START + MINUTE)
    assert not seen.is_first("a", made_at=START, now=START, until=START + MINUTE)
    assert seen.is_first("b", made_at=START, now=START, until=START + MINUTE)


def test_it_is_forgotten_once_it_is_not_fresh_anyway() -> None:
    seen = SeenProofs(since=START)
    assert seen.is_first("a", made_at=START, now=START, until=START + MINUTE)
    almost = START + MINUTE - timedelta(seconds=1)
    assert not seen.is_first("a", made_at=START, now=almost, until=START + MINUTE)
    assert seen.is_first("a", made_at=START, now=START + MINUTE, until=START + 2 * MINUTE)


def test_of_a_hundred_at_once_one_is_the_first() -> None:
    seen = SeenProofs(since=START)

    def look(_: int) -> bool:
        return seen.is_first("a", made_at=START, now=START, until=START + MINUTE)

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(look, range(100))) == 1


def test_memory_is_bounded_and_the_oldest_give_way() -> None:
    seen = SeenProofs(since=START, most=3)
    for name in "abcd":
        assert seen.is_first(name, made_at=START, now=START, until=START + MINUTE)
    assert not seen.is_first("d", made_at=START, now=START, until=START + MINUTE)
    assert seen.is_first("a", made_at=START, now=START, until=START + MINUTE)
