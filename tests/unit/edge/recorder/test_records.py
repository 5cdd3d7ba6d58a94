"""Records of a segment: read as written, found again behind damage."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.recorder.records import (
    MARK,
    OVERHEAD,
    Damage,
    Kind,
    Record,
    scan,
    to_us,
    utc_to_us,
)

AT = datetime(2026, 3, 1, 12, 0, 0, 250_001, tzinfo=UTC)
RECEIVED = Record(Kind.RECEIVED, 7, 3, 1000, to_us(12.5), utc_to_us(AT), b"\xe2\x00" + MARK)
CLOSED = Record(Kind.CLOSED, 7)

RECORDS = st.lists(
    st.builds(
        Record,
        kind=st.sampled_from(Kind),
        recording=st.integers(0, 2**32 - 1),
        channel=st.integers(0, 2**16 - 1),
        offset=st.integers(0, 2**63),
        monotonic_us=st.integers(-(2**62), 2**62),
        utc_us=st.integers(-(2**62), 2**62),
        payload=st.binary(max_size=40),
    ),
    max_size=6,
)


@settings(max_examples=50)
@given(records=RECORDS)
def test_records_are_read_as_they_were_written(records: list[Record]) -> None:
    assert list(scan(b"".join(record.pack() for record in records))) == records


def test_times_are_kept_to_the_microsecond() -> None:
    assert RECEIVED.utc == AT
    assert RECEIVED.monotonic_us == 12_500_000


@settings(max_examples=60)
@given(at=st.integers(0, len(RECEIVED.pack()) - 1), bit=st.integers(0, 7))
def test_a_damaged_record_is_counted_and_those_behind_it_are_found(at: int, bit: int) -> None:
    damaged = bytearray(RECEIVED.pack())
    damaged[at] ^= 1 << bit
    found = list(scan(bytes(damaged) + CLOSED.pack()))
    assert found == [Damage(len(damaged)), CLOSED]


@settings(max_examples=40)
@given(kept=st.integers(0, len(RECEIVED.pack()) - 1))
def test_a_record_that_was_torn_off_is_no_record(kept: int) -> None:
    torn = RECEIVED.pack()[:kept]
    assert list(scan(CLOSED.pack() + torn)) == [CLOSED, Damage(kept)][: 1 + bool(kept)]


def test_a_kind_of_a_later_program_is_passed_over() -> None:
    later = Record(99, 1, payload=b"what will be")  # type: ignore[arg-type]  # not ours yet
    assert list(scan(later.pack() + CLOSED.pack())) == [CLOSED]


def test_a_record_costs_what_it_says() -> None:
    assert len(CLOSED.pack()) == OVERHEAD


def test_facts_of_what_holds_none_are_empty() -> None:
    assert Record(Kind.OPENED, payload=b'{"device": "ox"}').facts == {"device": "ox"}
    assert Record(Kind.OPENED, payload=b"[]").facts == {}
    assert Record(Kind.OPENED, payload=b"\xff").facts == {}
