"""What may be called how: names are shown to people, on pages, in terminals and in the audit."""

from __future__ import annotations

from typing import Final

from cloud.core.kernel.errors import InvalidError

LONGEST_NAME: Final = 120
# Python counts them among the unprintable, but Persian and Indic names are written with them.
_JOINERS: Final = str.maketrans("", "", "\u200c\u200d")


def checked_name(name: str, *, field: str = "name") -> str:
    """The name without the blanks around it; InvalidError `invalid_name` for one that shows
    nothing, is too long, or could move a cursor or turn the writing round.
    """
    bare = name.strip()
    shown = bare.translate(_JOINERS)
    if not (shown.strip() and shown.isprintable() and len(bare) <= LONGEST_NAME):
        raise InvalidError(
            "invalid_name",
            f"Write the {field.replace('_', ' ')} in 1 to {LONGEST_NAME} printable characters.",
            details={"fields": [field]},
        )
    return bare


def checked_label(label: str) -> str:
    """The same for a name that may be left out: empty then."""
    return checked_name(label, field="label") if label.strip() else ""
