"""What came of a load of webhooks: what was lost or changed on its way, how late, how big."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Ledger:
    """`published` says when each event was, and of which receiver it is; `heard` is what came."""

    published: dict[str, tuple[float, int]] = field(default_factory=dict)
    heard: dict[str, list[tuple[float, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    memory: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def read(self, log: Path) -> None:
        """Take in what receivers wrote down; a line that is not whole yet is left out."""
        self.heard.clear()
        for line in log.read_text(encoding="ascii").splitlines():
            words = line.split()
            if len(words) == 4:
                self.heard[words[2]].append((float(words[0]), int(words[1]), words[3]))

    def missing(self, receivers: frozenset[int]) -> set[str]:
        """Events of these receivers that never came."""
        wanted = {one for one, (_, number) in self.published.items() if number in receivers}
        return wanted - self.heard.keys()

    def changed(self) -> list[str]:
        """Message ids that came with two contents, or to somebody else, or from nowhere."""
        return [
            message
            for message, came in self.heard.items()
            if len({digest for _, _, digest in came}) > 1
            or message not in self.published
            or {number for _, number, _ in came} != {self.published[message][1]}
        ]

    def repeated(self, receivers: frozenset[int]) -> int:
        """How often these receivers had what they had already."""
        return sum(len(came) - 1 for came in self.heard.values() if came[0][1] in receivers)

    def delays(self, receivers: frozenset[int]) -> list[float]:
        """Seconds from each event to when it first came, sorted."""
        return sorted(
            min(came)[0] - self.published[message][0]
            for message, came in self.heard.items()
            if message in self.published and self.published[message][1] in receivers
        )

    def growth(self) -> dict[int, tuple[int, int]]:
        """Of each process: resident KiB after its first fifth, and at the end."""
        return {
            pid: (seen[len(seen) // 5], seen[-1])
            for pid, seen in self.memory.items()
            if len(seen) > 10
        }

    def attempts_each(self) -> Counter[int]:
        """How many requests each receiver had."""
        return Counter(number for came in self.heard.values() for _, number, _ in came)


def percentile(values: list[float], share: float) -> float:
    """The value below which so much of a sorted list lies; NaN for an empty one."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else float("nan")
