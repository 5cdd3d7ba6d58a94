"""JSON with exact numbers, read strictly.

Reading: numbers with a fraction or exponent become `Decimal` with their digits; duplicate keys,
NaN, infinities, -0, over-long numbers, lone surrogates, NUL and bidirectional overrides are
refused.
Writing: `Decimal` as a JSON number with exactly its digits, no spaces, UTF-8.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

import msgspec

MAX_DIGITS: Final = 28
MAX_EXPONENT: Final = 30
MAX_DEPTH: Final = 64
_FORBIDDEN_TEXT: Final = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class ExactJsonError(ValueError):
    """Not JSON as we take it; the message names the rule, not the content."""


def dumps(document: object) -> bytes:
    """Compact UTF-8 JSON; every `Decimal` keeps its digits."""
    return _ENCODER.encode(document)


def loads(octets: bytes) -> Any:  # noqa: ANN401 - JSON has any shape
    """The document of UTF-8 `octets` (a byte order mark is accepted); ExactJsonError otherwise."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ExactJsonError("the body is not UTF-8") from exc
    try:
        document = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except RecursionError as exc:
        raise ExactJsonError("the body is nested too deeply") from exc
    except ExactJsonError:
        raise
    except ValueError as exc:
        raise ExactJsonError("the body is not JSON") from exc
    _check(document, MAX_DEPTH)
    return document


def _decimal(literal: str) -> Decimal:
    number = Decimal(literal)
    _, digits, exponent = number.as_tuple()
    too_long = len(digits) > MAX_DIGITS or not isinstance(exponent, int)
    is_minus_zero = number.is_zero() and number.is_signed()
    if too_long or is_minus_zero or abs(number.adjusted()) > MAX_EXPONENT:
        raise ExactJsonError("a number is out of range")
    return number


def _integer(literal: str) -> int:
    if len(literal) > MAX_DIGITS + 1 or literal == "-0":
        raise ExactJsonError("a number is out of range")
    return int(literal)


def _no_constant(literal: str) -> None:
    raise ExactJsonError(f"{literal} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ExactJsonError("an object names a member twice")
    return document


def _check(value: object, depth: int) -> None:
    if depth == 0:
        raise ExactJsonError("the body is nested too deeply")
    if isinstance(value, str) and _FORBIDDEN_TEXT.search(value):
        raise ExactJsonError("a text holds characters that are not allowed")
    if isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth - 1)
