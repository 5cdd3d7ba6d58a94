"""What the demo says while it works, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO


class Progress:
    """Numbered steps with notes below them, written out at once."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._steps = 0
        self._step = 0

    def begin(self, steps: int) -> None:
        """So many steps will follow."""
        self._steps, self._step = steps, 0

    def step(self, words: str) -> None:
        """The next step begins."""
        self._step += 1
        self._write(f"[{self._step}/{self._steps}] {words} ...")

    def note(self, words: str) -> None:
        """Something about the present step."""
        self._write(f"      {words}")

    def lines(self, lines: Iterable[str]) -> None:
        """Text of its own, such as a table."""
        for line in lines:
            self._write(line)

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()
