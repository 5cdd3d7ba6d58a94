"""Work that is kept running: waits grow, faults are told, only what no waiting mends ends it."""

from __future__ import annotations

import logging

import pytest

from edge.errors import BufferDamagedError, DeviceNotFoundError, SettingsError
from edge.supervision import Backoff, BackoffPolicy, Failure, keep_running
from tests.unit.edge.making import ManualTime

STEADY = BackoffPolicy(first=1.0, most=8.0, jitter=0.0, forgiven_after=20.0)


def test_waits_double_up_to_the_most() -> None:
    backoff = Backoff(STEADY)
    assert [backoff.next_wait() for _ in range(6)] == [1, 2, 4, 8, 8, 8]
    backoff.reset()
    assert backoff.next_wait() == 1


def test_chance_only_shortens_a_wait() -> None:
    policy = BackoffPolicy(first=10.0, most=10.0, jitter=0.3)
    assert Backoff(policy, chance=lambda: 1.0).next_wait() == pytest.approx(7.0)
    assert Backoff(policy, chance=lambda: 0.0).next_wait() == pytest.approx(10.0)


def test_many_failures_do_not_overflow() -> None:
    backoff = Backoff(STEADY)
    assert {backoff.next_wait() for _ in range(2000)} == {1, 2, 4, 8}


@pytest.mark.parametrize(
    "wrong", [{"first": 0}, {"first": 2, "most": 1}, {"jitter": 1.5}, {"jitter": -0.1}]
)
def test_a_policy_without_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"first|jitter"):
        BackoffPolicy(**wrong)


async def run(outcomes: list[object], time: ManualTime) -> list[Failure]:
    failures: list[Failure] = []

    async def work() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, float):
            time.seconds += outcome
            return True
        if isinstance(outcome, Exception):
            raise outcome
        return bool(outcome)

    await keep_running(
        work, name="x", backoff=Backoff(STEADY), clock=time.clock, on_failure=failures.append
    )
    return failures


async def test_a_fault_is_waited_out_and_told() -> None:
    time = ManualTime()
    failures = await run([DeviceNotFoundError("no such port"), True, False], time)
    assert failures == [Failure("no such port."), Failure("ended")]
    assert time.slept == [1, 2]


async def test_an_unknown_fault_is_logged_with_its_traceback_and_waited_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        failures = await run([ZeroDivisionError("a secret value"), False], ManualTime())
    assert failures == [Failure("fault in the program: ZeroDivisionError", is_fault=True)]
    assert caplog.records[0].exc_info is not None


async def test_a_long_life_forgives_earlier_failures() -> None:
    time = ManualTime()
    await run([DeviceNotFoundError("x"), DeviceNotFoundError("x"), 30.0, False], time)
    assert time.slept == [1, 2, 1]


@pytest.mark.parametrize("end", [BufferDamagedError("broken"), SettingsError("no such file")])
async def test_what_no_waiting_mends_ends_it(end: Exception) -> None:
    with pytest.raises(type(end)):
        await run([end], ManualTime())
