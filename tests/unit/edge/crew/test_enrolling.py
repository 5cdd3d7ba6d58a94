"""What a code on a device says of it."""

from __future__ import annotations

import pytest

from edge.crew.enrolling import DeviceCode, read_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("00-22-09-22-58-00-AA-01", DeviceCode("002209225800AA01", "")),
        ("002209225800aa01", DeviceCode("002209225800AA01", "")),
        ("00:1F:5B:AA:01:02", DeviceCode("001F5BFFFEAA0102", "")),
        ("(01)09506000134352(21)SN-77(11)260101", DeviceCode("", "SN-77")),
        ("010950600013435211260101\x1d21SN-78", DeviceCode("", "SN-78")),
        ("SN 0042", DeviceCode("", "SN 0042")),
        ("123456789012", DeviceCode("", "123456789012")),
    ],
)
def test_a_code_is_an_identity_or_a_serial_number(text: str, code: DeviceCode) -> None:
    assert read_code(f" {text} ") == code


@pytest.mark.parametrize("text", ["", "?", "  ", "x" * 41, "ab\x00cd"])
def test_what_names_no_device_is_none(text: str) -> None:
    assert read_code(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Archer",
        "Archer, Ann",
        "9434765919",
        "943 476 5918",
        "(8018)505001234567890126(91)9434765919",
        "]d28018505001234567890126\x1d919434765919",
        "5012345678900",
        "(01)09506000134352",
        "0109506000134352",
    ],
)
def test_what_may_name_a_person_or_names_an_article_is_no_device(text: str) -> None:
    assert read_code(text) is None


def test_ten_digits_that_are_said_to_be_a_serial_number_are_one() -> None:
    assert read_code("(21)9434765918") == DeviceCode("", "9434765918")
