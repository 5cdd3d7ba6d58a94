"""Rate limits: counted by our clock, told to the caller, never without a bound."""

from __future__ import annotations

import pytest
from fastapi import Request

from cloud.api.shared.rate_limits import STATE, CountsInMemory, RateLimits, Standing, site_of
from cloud.core.kernel.errors import ThrottledError
from tests.fixtures.cloud import FakeClock


def request_from(address: str = "192.0.2.1") -> Request:
    client = (address, 4000) if address else None
    return Request({"type": "http", "headers": [], "client": client, "state": {}})


def standing_of(request: Request) -> Standing:
    found = getattr(request.state, STATE)
    assert isinstance(found, Standing)
    return found


def test_one_too_many_is_told_when_to_come_again() -> None:
    clock = FakeClock()
    limits = RateLimits({"door": "2/minute"}, clock)
    request = request_from()
    limits.hit(request, "door", "anna")
    clock.pass_(20)
    limits.hit(request, "door", "anna")
    assert standing_of(request).headers() == {
        "ratelimit-limit": "2",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "40",
    }
    with pytest.raises(ThrottledError) as refused:
        limits.hit(request, "door", "anna")
    assert refused.value.retry_after == 40
    limits.hit(request, "door", "berta")
    clock.pass_(40)
    limits.hit(request, "door", "anna")
    assert standing_of(request).remaining == 1


def test_looking_and_counting_afterwards_refuse_the_next_one() -> None:
    limits = RateLimits({"door": "1/minute"}, FakeClock())
    request = request_from()
    limits.look(request, "door", "anna")
    limits.count(request, "door", "anna")
    limits.count(request, "door", "anna")
    assert standing_of(request).remaining == 0
    with pytest.raises(ThrottledError):
        limits.look(request, "door", "anna")


def test_an_empty_limit_and_an_unknown_one_limit_nothing() -> None:
    limits = RateLimits({"door": ""}, FakeClock())
    request = request_from()
    for name in ("door", "window"):
        for _ in range(3):
            limits.hit(request, name, "anna")
            limits.count(request, name, "anna")
            limits.look(request, name, "anna")
    assert not hasattr(request.state, STATE)


def test_the_memory_is_bounded_and_forgetting_locks_nobody_out() -> None:
    counts = CountsInMemory(FakeClock(), most=3)
    limits = RateLimits({"door": "1/minute"}, FakeClock(), counts=counts)
    request = request_from()
    for number in range(10):
        limits.hit(request, "door", f"caller {number}")
    assert len(counts) == 3
    limits.hit(request, "door", "caller 0")
    with pytest.raises(ThrottledError):
        limits.hit(request, "door", "caller 9")


def test_counts_can_be_forgotten_by_hand() -> None:
    counts = CountsInMemory(FakeClock())
    assert counts.check()
    assert counts.incr("a", 60) == 1
    assert counts.incr("b", 60, amount=3) == 3
    counts.clear("a")
    assert (counts.get("a"), counts.get("b")) == (0, 3)
    assert counts.get_expiry("a") < counts.get_expiry("b")
    assert counts.reset() == 1
    assert len(counts) == 0


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:208", "192.0.2.8"),
        ("fe80::1:2:3:4%eth0", "fe80::"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_one_ipv6_network_counts_as_one_address(address: str, site: str) -> None:
    assert site_of(request_from(address)) == site
