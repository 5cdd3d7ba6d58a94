"""Logical ids: legal in FHIR, and the way back from each."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.encounters.record import ARREST, TIMES
from cloud.fhir.rest.ids import (
    LONGEST,
    ClockId,
    FactId,
    StripId,
    as_uuid,
    is_id,
    public,
    words_id,
    words_of,
)

MOMENTS = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.text(min_size=1, max_size=64))
def test_words_have_a_legal_id_and_short_ones_come_back(words: str) -> None:
    try:
        words.encode()
    except UnicodeEncodeError:
        return
    identity = words_id("v", words)
    assert is_id(identity)
    assert len(identity) <= LONGEST
    assert words_of("v", identity) == (None if identity.startswith("V-") else words)
    assert words_of("p", identity) is None


@given(st.uuids(), MOMENTS)
def test_a_strip_comes_back(first: UUID, start: datetime) -> None:
    wanted = StripId(first, start)
    assert is_id(str(wanted))
    assert StripId.parse(str(wanted)) == wanted


@given(st.uuids(), st.uuids(), st.integers(-(2**62), 2**62))
def test_a_clock_comes_back(encounter: UUID, device: UUID, apart: int) -> None:
    wanted = ClockId(encounter, device, apart)
    assert is_id(str(wanted))
    assert ClockId.parse(str(wanted)) == wanted


@pytest.mark.parametrize(
    "path", [*(f"times.{one}" for one in TIMES), *map("arrest.{}".format, ARREST)]
)
def test_a_fact_comes_back(path: str) -> None:
    wanted = FactId(UUID(int=1), path)
    assert is_id(str(wanted))
    assert FactId.parse(str(wanted)) == wanted


@given(st.text(max_size=80))
def test_no_text_breaks_a_reader(text: str) -> None:
    for prefix in ("", "s-", "c-", "v-", "f-"):
        one = prefix + text
        assert FactId.parse(one) is None or is_id(one)
        assert StripId.parse(one) is None or is_id(one)
        assert ClockId.parse(one) is None or is_id(one)
        assert words_of("v", one) is None or words_id("v", words_of("v", one) or "") == one


@pytest.mark.parametrize(
    "text", ["", "A", "0F3C0000-0000-4000-8000-000000000000", "0f3c", "{0f3c}", "a" * 36]
)
def test_only_a_lower_case_uuid_is_one(text: str) -> None:
    assert as_uuid(text) is None
    assert public("enc", text) is None


def test_a_row_lends_its_uuid() -> None:
    assert public("enc", "0f3c0000-0000-4000-8000-000000000001") == (
        "enc_0f3c0000000040008000000000000001"
    )
    assert StripId.parse("s-" + "." * 32) is None
