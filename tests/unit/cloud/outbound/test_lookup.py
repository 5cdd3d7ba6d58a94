"""Look-ups that hang, fail or come in crowds; none holds whoever waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, ip_address

import pytest

from cloud.core.kernel.outbound import (
    AddressRefusedError,
    Call,
    Line,
    LookupFailedError,
    Lookups,
    OutboundPolicy,
    check_endpoint,
)
from cloud.core.kernel.outbound.lookup import ask_system

PUBLIC = IPv4Address("8.8.8.8")


class Hanging:
    """A resolver that says nothing until it may."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.has_begun = threading.Semaphore(0)
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[IPv4Address]:
        self.asked.append(host)
        self.has_begun.release()
        if host.startswith("slow"):
            self.may_end.wait(10)
        return [PUBLIC]


def test_the_system_knows_this_machine_in_every_spelling_it_takes() -> None:
    assert ip_address("127.0.0.1") in ask_system("localhost")
    # What a lenient resolver makes of it is why the words are read strictly.
    assert ask_system("127.1") == ask_system("2130706433") == [ip_address("127.0.0.1")]


def test_a_look_up_that_hangs_ends_with_the_time_and_holds_one_place_alone() -> None:
    hanging = Hanging()
    lookups = Lookups(hanging, most_at_once=2)
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(LookupFailedError) as failure:
            lookups("slow.example", 0.1)
        assert failure.value.cause == "slow_lookup"
    assert time.monotonic() - started < 3
    assert hanging.asked == ["slow.example"]
    assert lookups("hook.example", 5) == [PUBLIC], "another name is looked up meanwhile"
    hanging.may_end.set()
    assert lookups("slow.example", 5) == [PUBLIC]


def test_no_more_threads_are_taken_than_there_are_places() -> None:
    hanging = Hanging()
    lookups = Lookups(hanging, most_at_once=1)
    with pytest.raises(LookupFailedError):
        lookups("slow.example", 0.05)
    with pytest.raises(LookupFailedError) as failure:
        lookups("hook.example", 0.05)
    assert failure.value.cause == "slow_lookup"
    assert hanging.asked == ["slow.example"]
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(lookups, "hook.example", 5.0) for _ in range(4)]
        hanging.may_end.set()
        assert [one.result() for one in waiting] == [[PUBLIC]] * 4


def test_those_who_wait_for_a_place_with_the_same_name_share_one() -> None:
    hanging = Hanging()
    lookups = Lookups(hanging, most_at_once=2)
    assert lookups.has_room
    with ThreadPoolExecutor(4) as pool:
        first = [pool.submit(lookups, f"slow-{number}.example", 10.0) for number in range(2)]
        assert all(hanging.has_begun.acquire(timeout=10) for _ in range(2))
        assert not lookups.has_room
        waiting = [pool.submit(lookups, "slow-2.example", 10.0) for _ in range(2)]
        hanging.may_end.set()
        assert [one.result() for one in (*first, *waiting)] == [[PUBLIC]] * 4
    assert lookups.has_room


def test_a_thread_is_used_again_and_ends_when_nobody_asks() -> None:
    threads: list[threading.Thread] = []

    def noting(_host: str) -> list[IPv4Address]:
        threads.append(threading.current_thread())
        return [PUBLIC]

    lookups = Lookups(noting, idle_seconds=0.05)
    for _ in range(5):
        lookups("hook.example", 5)
    assert len(set(threads)) < 5
    for thread in set(threads):
        thread.join(10)
        assert not thread.is_alive()
    assert lookups("hook.example", 5) == [PUBLIC]


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".test"])
def test_a_name_nobody_has_leads_nowhere(host: str) -> None:
    with pytest.raises(LookupFailedError) as failure:
        Lookups()(host, 5)
    assert failure.value.cause == "no_such_name"
    assert host not in str(failure.value)


def test_an_endpoint_whose_name_is_not_known_yet_may_be_registered_and_is_not_called() -> None:
    hanging = Hanging()
    told: list[tuple[str, str]] = []
    policy = OutboundPolicy(timeout_seconds=0.1, ear=lambda *facts: told.append(facts))
    assert not check_endpoint("https://nobody.invalid/", policy)
    lookups = Lookups(hanging)
    slow = OutboundPolicy(timeout_seconds=0.1, resolver=lookups, ear=policy.ear)
    with Line(slow) as line, pytest.raises(LookupFailedError):
        line.send(Call("POST", "https://slow.example/"))
    assert told == [("check", "done"), ("call", "slow_lookup")]
    hanging.may_end.set()


def test_an_endpoint_that_leads_inside_is_not_registered() -> None:
    def inside(_host: str, _seconds: float) -> list[IPv4Address]:
        return [IPv4Address("10.0.0.1")]

    with pytest.raises(AddressRefusedError, match="network"):
        check_endpoint("https://hook.example/", OutboundPolicy(), inside)
    with pytest.raises(AddressRefusedError, match="network"):
        check_endpoint("mllps://lab.example:2575", OutboundPolicy(), inside, is_stream=True)
    opened = OutboundPolicy(allowed=("10.0.0.0/8",))
    assert check_endpoint("http://hook:8080/", opened, inside)
    assert check_endpoint("mllp://lab:2575", opened, inside, is_stream=True)


@pytest.mark.parametrize(
    "url", ["http://hook.example/", "https://hook.example:9443/", "https://hook/"]
)
def test_what_only_an_opened_network_may_have_leads_there_whole(url: str) -> None:
    def both(_host: str, _seconds: float) -> list[IPv4Address]:
        return [IPv4Address("10.0.0.1"), PUBLIC]

    with pytest.raises(AddressRefusedError):
        check_endpoint(url, OutboundPolicy(allowed=("10.0.0.0/8",)), both)
