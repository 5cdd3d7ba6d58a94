"""Named sets of codes, and the words that stand for them where somebody chose no code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cloud.core.encounters.record import Coded

_SPACES: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class CodeSet:
    """`codes` are codes of any system (SNOMED CT first); `words` are whole words of a display text,
    compared without case and punctuation.
    """

    name: str
    codes: frozenset[str]
    words: tuple[str, ...]

    def holds(self, coded: Coded) -> bool:
        """Whether a coded thing belongs to the set. A code decides where there is one."""
        if coded.code:
            return coded.code in self.codes
        text = f" {_plain(coded.display)} "
        return any(f" {_plain(word)} " in text for word in self.words)


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text.lower()).strip()
