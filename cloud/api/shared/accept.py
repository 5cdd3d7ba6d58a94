"""The Accept header by RFC 9110 12.5.1: what a caller takes, and how gladly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_MOST_RANGES: Final = 64


def quality(accept: str, media_type: str) -> float:
    """From 0 (not taken) to 1: the q of the most specific range; no header takes everything."""
    return _best(accept, media_type)[1]


def names(accept: str, media_type: str) -> bool:
    """Whether the header takes the type by its own name, not by a wildcard."""
    exactness, q = _best(accept, media_type)
    return exactness == 3 and q > 0


def admits(accept: str, media_types: Iterable[str]) -> bool:
    """Whether any of the types is taken."""
    return any(quality(accept, one) > 0 for one in media_types)


def _best(accept: str, media_type: str) -> tuple[int, float]:
    if not accept.strip():
        return 1, 1.0
    found = [(_exactness(name, media_type), q) for name, q in _ranges(accept)]
    return max((one for one in found if one[0]), default=(0, 0.0))


def _exactness(name: str, media_type: str) -> int:
    if name == media_type:
        return 3
    if name == f"{media_type.partition('/')[0]}/*":
        return 2
    return 1 if name == "*/*" else 0


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Each range in lower case with its q; a q nobody can read counts as 1."""
    ranges = []
    for part in accept.lower().split(",")[:_MOST_RANGES]:
        name, *parameters = (piece.strip() for piece in part.split(";"))
        q = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                q = _number(value.strip())
        ranges.append((name, q))
    return ranges


def _number(text: str) -> float:
    try:
        q = float(text)
    except ValueError:
        return 1.0
    return q if 0 <= q <= 1 else 1.0
