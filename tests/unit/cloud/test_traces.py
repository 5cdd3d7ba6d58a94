"""Trace Context at the door, and how much of a trace is kept."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from cloud.api.shared.tracing import state_from, trace_from
from cloud.app.logs import InTrace, JsonFormatter
from cloud.core.kernel.traces import (
    MOST_SPANS,
    Trace,
    TraceContext,
    current_trace,
    in_trace,
    new_span_id,
    new_trace_id,
)
from cloud.core.tracing.policy import TracePolicy
from tests.fixtures.cloud import START

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
SCOPE = {"path": "/api/v1/devices"}


def trace(*sent: str, path: str = "/api/v1/devices", share: float = 1.0, **more: str) -> Trace:
    headers = [(b"traceparent", one.encode()) for one in sent]
    headers += [(name.encode(), value.encode()) for name, value in more.items()]
    return trace_from({"path": path}, Headers(raw=headers), TracePolicy(share=share))


def test_a_callers_trace_goes_on_under_a_span_of_ours() -> None:
    found = trace(f"00-{TRACE}-{SPAN}-01", tracestate="vendor=a:b, other@sys=1").context
    assert (found.trace_id, found.parent_id) == (TRACE, SPAN)
    assert found.span_id not in (SPAN, "0" * 16)
    assert found.is_recorded
    assert found.state == "vendor=a:b,other@sys=1"
    assert found.traceparent == f"00-{TRACE}-{found.span_id}-01"


@pytest.mark.parametrize(
    "sent",
    [
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f" 00-{TRACE}-{SPAN}-01x",
        "",
        "nonsense",
    ],
)
def test_what_is_no_context_begins_a_new_trace(sent: str) -> None:
    found = trace(sent, tracestate="vendor=1").context
    assert found.trace_id != TRACE
    assert (found.parent_id, found.state) == ("", "")
    assert len(found.trace_id) == 32


def test_two_contexts_are_none() -> None:
    one = f"00-{TRACE}-{SPAN}-01"
    assert trace(one, one).context.trace_id != TRACE


def test_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    assert trace(f"cc-{TRACE}-{SPAN}-01-what-comes").context.trace_id == TRACE


def test_the_callers_word_on_recording_counts_before_the_share() -> None:
    assert not trace(f"00-{TRACE}-{SPAN}-00").context.is_recorded
    assert trace(f"00-{TRACE}-{SPAN}-01", share=0.0).context.is_recorded
    assert not trace(share=0.0).context.is_recorded
    assert trace(share=1.0).context.is_recorded
    assert not trace(path="/v1/uplink/batches").context.is_recorded
    assert trace(f"00-{TRACE}-{SPAN}-01", path="/v1/uplink/batches").context.is_recorded


@given(st.integers(min_value=0, max_value=(1 << 128) - 1), st.floats(min_value=0, max_value=1))
def test_every_process_picks_the_same_traces(number: int, share: float) -> None:
    trace_id = f"{number:032x}"
    picked = TracePolicy(share=share).picks(trace_id)
    assert picked == TracePolicy(share=share).picks(f"{'f' * 16}{trace_id[16:]}")
    assert TracePolicy(share=1.0).picks(trace_id)
    assert not TracePolicy(share=0.0).picks(trace_id)


@pytest.mark.parametrize(
    "sent",
    [
        ["a=1", "a=2"],
        ["A=1"],
        ["a"],
        ["a=" + "x" * 257],
        ["a=b=c"],
        [",".join(f"k{number}=1" for number in range(33))],
        [",".join(f"k{number}={'v' * 60}" for number in range(10))],
        ["a=\x7f"],
    ],
)
def test_a_state_that_is_not_as_it_should_be_is_dropped_whole(sent: list[str]) -> None:
    assert state_from(sent) == ""


def test_states_of_several_headers_are_one() -> None:
    assert state_from(["a=1,", "\tb@c=x y ", ""]) == "a=1,b@c=x y"


def test_what_there_is_no_room_for_is_counted() -> None:
    full = Trace(TraceContext(trace_id=TRACE, span_id=SPAN))
    for _ in range(MOST_SPANS + 3):
        full.add("unit", "unit of work", started_at=START, microseconds=1)
    assert (len(full.spans), full.left_out) == (MOST_SPANS, 3)
    assert {span.parent_id for span in full.spans} == {SPAN}
    quiet = Trace(TraceContext(trace_id=TRACE, span_id=SPAN, is_recorded=False))
    quiet.add("unit", "unit of work", started_at=START, microseconds=1)
    assert (quiet.spans, quiet.left_out) == ([], 0)
    assert quiet.context.traceparent.endswith("-00")


def test_ids_are_random_and_never_zero() -> None:
    assert len({new_trace_id() for _ in range(50)}) == 50
    assert all(len(new_span_id()) == 16 for _ in range(50))


def test_log_lines_bear_the_trace_they_are_written_in() -> None:
    record = logging.LogRecord("room", logging.INFO, "", 0, "event=told id=1", (), None)
    InTrace().filter(record)
    assert "trace_id" not in JsonFormatter().format(record)
    with in_trace(Trace(TraceContext(trace_id=TRACE, span_id=SPAN))):
        InTrace().filter(record)
        assert current_trace() is not None
    assert current_trace() is None
    assert f'"trace_id": "{TRACE}"' in JsonFormatter().format(record)
    assert vars(record)["trace"] == f" trace_id={TRACE}"
