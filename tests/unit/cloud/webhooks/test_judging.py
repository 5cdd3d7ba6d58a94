"""What an attempt means for its message and for its endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.webhooks.judging import (
    FAILING,
    LEAST_FAILURES,
    PATIENCE,
    REMOVED_BY_RECEIVER,
    Attempt,
    judge,
    next_of,
)
from cloud.core.webhooks.schedules import DEFAULT, PARTNER
from cloud.core.webhooks.tables import FAILED, RETRYING, SUCCEEDED, DeliveryRow, EndpointRow

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATUSES = st.sampled_from([None, 200, 204, 302, 400, 404, 408, 410, 429, 500, 503])


def attempt(status: int | None = None, **more: object) -> Attempt:
    given: dict[str, object] = {"at": NOW, "took": timedelta(0), "status": status, **more}
    return Attempt(**given)  # type: ignore[arg-type] # fields of an attempt


def endpoint() -> EndpointRow:
    return EndpointRow(failures=0, failing_since=None, closed_until=None, is_slow=False)


def delivery(attempts: int = 0) -> DeliveryRow:
    return DeliveryRow(attempts=attempts)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (attempt(204), ""),
        (attempt(cause="time_over"), "time_over"),
        (attempt(302), "redirected"),
        (attempt(404), "refused"),
        (attempt(410), "gone"),
        (attempt(400, is_aborted=True), "aborted"),
    ],
)
def test_each_refusal_has_a_word(made: Attempt, word: str) -> None:
    assert made.word == word


def test_a_message_is_tried_again_as_its_profile_says() -> None:
    assert next_of(delivery(), DEFAULT, attempt(500), 0.0) == (
        RETRYING,
        NOW + timedelta(seconds=30),
    )
    assert next_of(delivery(), PARTNER, attempt(500), 0.0) == (RETRYING, NOW + 5 * MINUTE)
    assert next_of(delivery(), PARTNER, attempt(404), 0.0) == (FAILED, None)
    assert next_of(delivery(7), DEFAULT, attempt(500), 0.0) == (FAILED, None)
    assert next_of(delivery(7), DEFAULT, attempt(200), 0.0) == (SUCCEEDED, None)


def test_a_day_after_the_first_attempt_the_partners_profile_is_over() -> None:
    day = timedelta(days=1)
    made = attempt(503, asked=timedelta(hours=2))
    for began, state in ((NOW - day + timedelta(hours=2), RETRYING), (NOW - day, FAILED)):
        assert next_of(delivery(9), PARTNER, made, 0.0, began=began)[0] == state
    assert next_of(delivery(6), DEFAULT, attempt(503), 0.0, began=NOW - 9 * day)[0] == RETRYING


def test_a_message_its_receiver_wants_no_more_is_not_tried_again() -> None:
    row = endpoint()
    made = attempt(500, is_aborted=True)
    assert next_of(delivery(), DEFAULT, made, 0.0) == (FAILED, None)
    assert judge(row, made, NOW, 0.0) == ""
    assert row.failures == 0
    assert row.last_succeeded_at is None, "it was heard, and did not take it"


def test_gone_is_gone_whatever_else_is_said() -> None:
    made = attempt(410, is_aborted=True)
    assert made.word == "gone"
    assert judge(endpoint(), made, NOW, 0.0) == REMOVED_BY_RECEIVER


@given(status=STATUSES, attempts=st.integers(0, 400), draw=st.floats(0, 1), asked=st.integers(0))
def test_whatever_comes_a_delivery_is_settled_or_due_later(
    status: int | None, attempts: int, draw: float, asked: int
) -> None:
    wait = timedelta(seconds=min(asked, 10**9))
    for profile in (DEFAULT, PARTNER):
        made = attempt(status, asked=wait)
        state, due_at = next_of(delivery(attempts), profile, made, draw)
        assert (due_at is None) == (state in (SUCCEEDED, FAILED))
        if due_at is not None:
            assert NOW + min(wait, timedelta(days=1)) <= due_at <= NOW + timedelta(hours=26.5)


def test_an_endpoint_rests_at_the_third_refusal_and_longer_each_time() -> None:
    row = endpoint()
    rests = []
    for _ in range(12):
        judge(row, attempt(500), NOW, 0.0)
        rests.append(None if row.closed_until is None else row.closed_until - NOW)

    assert rests[:5] == [None, None, *(timedelta(seconds=one) for one in (10, 20, 40))]
    assert rests[-1] == 10 * MINUTE


def test_an_endpoint_that_says_nothing_rests_at_once_and_holds_few_senders() -> None:
    row = endpoint()
    judge(row, attempt(cause="time_over", took=timedelta(seconds=10)), NOW, 0.0)

    assert row.closed_until == NOW + timedelta(seconds=10)
    assert row.is_slow


def test_an_answer_opens_the_endpoint_again() -> None:
    row = endpoint()
    judge(row, attempt(cause="time_over", took=timedelta(seconds=10)), NOW, 0.0)
    judge(row, attempt(200), NOW, 0.0)

    assert (row.closed_until, row.is_slow, row.failures) == (None, False, 0)


def test_who_asks_for_time_has_it() -> None:
    row = endpoint()
    judge(row, attempt(429, asked=7 * MINUTE), NOW, 0.0)
    assert row.closed_until == NOW + 7 * MINUTE
    judge(row, attempt(429, asked=timedelta(days=400)), NOW, 0.0)
    assert row.closed_until == NOW + timedelta(days=1)


def test_gone_is_gone_at_once() -> None:
    assert judge(endpoint(), attempt(410), NOW, 0.0) == REMOVED_BY_RECEIVER


def test_five_days_of_failures_and_no_break_are_enough() -> None:
    row = endpoint()
    for number in range(LEAST_FAILURES - 1):
        assert judge(row, attempt(500), NOW + number * MINUTE, 0.0) == ""
    almost = NOW + PATIENCE - MINUTE
    assert judge(row, attempt(500), almost, 0.0) == ""
    assert judge(row, attempt(500), NOW + PATIENCE, 0.0) == FAILING


def test_one_success_begins_the_five_days_anew() -> None:
    row = endpoint()
    for _ in range(LEAST_FAILURES):
        judge(row, attempt(500), NOW, 0.0)
    judge(row, attempt(200), NOW + timedelta(days=4), 0.0)
    for _ in range(LEAST_FAILURES):
        assert judge(row, attempt(500), NOW + timedelta(days=6), 0.0) == ""


def test_two_failures_in_a_week_say_nothing() -> None:
    row = endpoint()
    judge(row, attempt(500), NOW, 0.0)
    assert judge(row, attempt(500), NOW + timedelta(days=7), 0.0) == ""


@given(failures=st.integers(0, 10**6), draw=st.floats(0, 1))
def test_no_count_of_failures_lets_an_endpoint_rest_for_ever(failures: int, draw: float) -> None:
    row = endpoint()
    row.failures = failures
    judge(row, attempt(cause="no_connection"), NOW, draw)
    assert row.closed_until is not None
    assert row.closed_until <= NOW + 11 * MINUTE
