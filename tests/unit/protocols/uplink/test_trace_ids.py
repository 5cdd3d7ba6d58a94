"""Both ends find the same trace in a batch's id."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from protocols.uplink.trace_ids import (
    TraceContext,
    context_of,
    named_context,
    root_span_id_of,
    trace_id_of,
    traceparent_of,
)

BATCH = UUID("5f0c1a52-7d0e-4f0b-8e55-1d5a3f7e9b11")
OWN = TraceContext(trace_id_of(BATCH), root_span_id_of(BATCH))
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
"""The example of W3C Trace Context, 3.2.3."""
NAMED = TraceContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)


def test_the_ids_are_the_batchs_own() -> None:
    batch_id = UUID("0af76519-16cd-43dd-8448-eb211c80319c")
    assert trace_id_of(batch_id) == 0x0AF7651916CD43DD8448EB211C80319C
    assert 0 < root_span_id_of(batch_id) < 1 << 64
    assert root_span_id_of(batch_id) != root_span_id_of(UUID(int=1))
    header = traceparent_of(batch_id)
    assert re.fullmatch(r"00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", header)
    assert header.split("-")[2] == f"{root_span_id_of(batch_id):016x}"


def test_a_gateway_that_traces_names_the_context_both_work_out() -> None:
    assert context_of(BATCH, traceparent_of(BATCH)) == context_of(BATCH) == OWN


@pytest.mark.parametrize(
    ("flags", "is_sampled"), [("01", True), ("00", False), ("03", True), ("02", False)]
)
def test_the_context_that_is_named_counts_and_its_wish_not_to_be_sampled(
    flags: str, is_sampled: bool
) -> None:
    named = context_of(BATCH, f"00-{TRACE}-{SPAN}-{flags}")
    assert named == TraceContext(NAMED.trace_id, NAMED.span_id, is_sampled)


def test_a_header_that_names_no_context_is_none() -> None:
    assert named_context(f"00-{TRACE}-{SPAN}-01") == NAMED
    assert named_context("") is None


def test_a_newer_version_may_say_more() -> None:
    assert context_of(BATCH, f"01-{TRACE}-{SPAN}-01-what-comes") == NAMED
    assert context_of(BATCH, f"01-{TRACE}-{SPAN}-01") == NAMED


@pytest.mark.parametrize(
    "odd",
    [
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"01-{TRACE}-{SPAN}-01more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        "traceparent",
    ],
)
def test_what_is_no_context_leaves_the_batch_its_own(odd: str) -> None:
    assert context_of(BATCH, odd) == OWN
