"""JSON with exact numbers, read strictly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.kernel.exact_json import ExactJsonError, dumps, loads


@pytest.mark.parametrize(
    "digits", ["36.60", "0.0", "-1.50", "1E+2", "1e-7", "12345678901234567890.5"]
)
def test_digits_survive(digits: str) -> None:
    value = loads(f"[{digits}]".encode())[0]
    assert value == Decimal(digits)
    assert loads(dumps([value])) == [value]
    assert str(value) == str(Decimal(digits))


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "-0",
        "-0.0",
        "1e31",
        "1e-31",
        "0." + "1" * 29,
        "1" * 30,
        '{"a":1,"a":2}',
        '"\\ud800"',
        '"\\u0000"',
        '"\\u202e"',
        '{"\\u0000":1}',
        "[" * 65 + "]" * 65,
        "{",
        "",
        "[1,]",
        "'a'",
        "01",
    ],
)
def test_what_is_not_strict_json_is_refused(text: str) -> None:
    with pytest.raises(ExactJsonError):
        loads(text.encode())


def test_octets_that_are_not_utf_8_are_refused_and_a_mark_accepted() -> None:
    with pytest.raises(ExactJsonError):
        loads(b'"\xff"')
    assert loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(st.characters(exclude_categories=["Cs", "Cf", "Cc"]))
    | st.decimals(-1000, 1000, places=4, allow_nan=False).filter(lambda one: not one.is_zero()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_what_is_written_reads_back_the_same(value: object) -> None:
    assert loads(dumps(value)) == value


@given(st.binary(max_size=60))
def test_noise_is_refused_by_one_error_only(octets: bytes) -> None:
    try:
        loads(octets)
    except ExactJsonError:
        return
