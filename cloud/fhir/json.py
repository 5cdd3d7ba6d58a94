"""FHIR JSON: plain values in, octets out, every digit as it was measured.

FHIR decimals carry their precision in their digits (36.60 is not 36.6), so numbers are `int` or
`Decimal`, never `float`; the same resource always gives the same octets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

JsonValue: TypeAlias = "str | int | Decimal | bool | Sequence[JsonValue] | Mapping[str, JsonValue]"
"""A JSON value; FHIR has no null, an absent element is left out."""

Element: TypeAlias = dict[str, JsonValue]
"""A FHIR element or resource under construction; keys stay in the order they were set."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def dumps(value: Mapping[str, JsonValue]) -> bytes:
    """The resource as UTF-8 JSON; equal resources give equal octets."""
    return _ENCODER.encode(value)


def loads(octets: bytes) -> Any:  # noqa: ANN401 - JSON has any shape
    """What `dumps` wrote, every number with its digits."""
    return json.loads(octets, parse_float=Decimal)


def element(**fields: JsonValue | None) -> Element:
    """An element of the fields that are there: None and empty lists are left out (FHIR R4 2.6.2).

    A trailing underscore lets a field be called like a Python keyword (`class_`).
    """
    return {
        name.removesuffix("_"): value
        for name, value in fields.items()
        if value is not None and value != [] and value != ""
    }
