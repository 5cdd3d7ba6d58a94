"""How often a password may be guessed: by browser, by place, and locking nobody out."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cloud.core.authorization.sign_in_limit import (
    WINDOW,
    Attempt,
    SignInLimit,
    SignInPolicy,
    range_of,
)
from cloud.core.kernel.errors import ThrottledError

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at(place: int, account: str = "ada", device: str = "") -> Attempt:
    """An attempt from the network of a number."""
    return Attempt(account=account, address=f"10.{place // 250}.{place % 250}.7", device=device)


def admitted(limit: SignInLimit, attempt: Attempt, times: int, now: datetime = NOW) -> int:
    """How many of so many attempts are heard."""
    heard = 0
    for _ in range(times):
        with contextlib.suppress(ThrottledError):
            limit.admit(attempt, now=now)
            heard += 1
    return heard


def test_a_place_has_five_guesses_of_an_account_and_waits_alone() -> None:
    limit = SignInLimit()
    assert admitted(limit, at(1), 8) == 5
    assert admitted(limit, at(2), 1) == 1
    assert admitted(limit, at(1, account="bob"), 1) == 1
    assert admitted(limit, at(1), 1, NOW + WINDOW) == 1


def test_the_right_password_starts_the_place_afresh() -> None:
    limit = SignInLimit()
    for _ in range(20):
        limit.admit(at(1), now=NOW)
        limit.forgive(at(1), now=NOW)
    assert admitted(limit, at(1), 8) == 5


def test_no_stranger_uses_up_the_guesses_of_a_known_browser() -> None:
    limit = SignInLimit()
    for place in range(40):
        admitted(limit, at(place), 5)
    assert admitted(limit, at(1, device="home"), 30) == 10
    assert admitted(limit, at(1, device="other"), 1) == 1


def test_a_besieged_account_still_hears_each_new_place_once() -> None:
    limit = SignInLimit(SignInPolicy(besieged=50))
    assert sum(admitted(limit, at(place), 5) for place in range(10)) == 50
    assert admitted(limit, at(20), 5) == 1
    assert admitted(limit, at(21), 5) == 1
    assert admitted(limit, at(22, account="bob"), 5) == 5


def test_one_password_tried_on_everybody_is_counted_by_place() -> None:
    limit = SignInLimit(SignInPolicy(of_range=60))
    heard = sum(admitted(limit, at(1, account=f"a{number}"), 1) for number in range(80))
    assert heard == 60
    assert admitted(limit, at(2, account="a1"), 1) == 1


def test_who_is_let_through_does_not_count_against_the_place() -> None:
    limit = SignInLimit(SignInPolicy(of_range=3))
    for number in range(9):
        who = at(1, account=f"a{number}")
        limit.admit(who, now=NOW)
        limit.forgive(who, now=NOW)
    assert admitted(limit, at(1), 9) == 3


def test_what_was_counted_in_a_window_that_is_over_is_not_forgiven_in_the_next() -> None:
    limit = SignInLimit(SignInPolicy(of_account_and_range=1))
    limit.admit(at(1), now=NOW)
    limit.forgive(at(1), now=NOW + WINDOW)
    assert admitted(limit, at(1), 3, NOW + WINDOW) == 1


def test_memory_is_bounded_and_the_oldest_give_way() -> None:
    limit = SignInLimit(most_keys=30)
    for place in range(1000):
        admitted(limit, at(place, account=str(place)), 1)
    assert admitted(limit, at(999, account="999"), 9) == 4
    assert admitted(limit, at(0, account="0"), 9) == 5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2345::1", "2001:db8:1:2300::/56"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_addresses_of_one_network_are_one_place(address: str, network: str) -> None:
    assert range_of(address) == network


def test_waiting_is_told_to_the_second() -> None:
    limit = SignInLimit(SignInPolicy(of_account_and_range=0))
    late = NOW + timedelta(minutes=14, seconds=59, milliseconds=999)
    with pytest.raises(ThrottledError) as caught:
        limit.admit(at(1), now=late)
    assert caught.value.retry_after == 1


def test_attempts_at_the_same_moment_do_not_slip_through_together() -> None:
    limit = SignInLimit()
    with ThreadPoolExecutor(20) as pool:
        heard = pool.map(lambda _: admitted(limit, at(1), 5), range(20))
    assert sum(heard) == 5
