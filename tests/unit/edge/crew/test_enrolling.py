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
