"""How many devices an adapter may hold at once: dongles take five to seven and then fail oddly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class SlotBudget:
    """`most` links for each adapter; `freed` hears whenever one ended."""

    most: int
    freed: Callable[[], None] = lambda: None
    _taken: dict[str, set[str]] = field(default_factory=dict)

    def is_free(self, adapter: str) -> bool:
        """Whether the adapter may take one more."""
        return len(self._taken.get(adapter, ())) < self.most

    def taken(self, adapter: str) -> int:
        """How many the adapter holds."""
        return len(self._taken.get(adapter, ()))

    @contextmanager
    def hold(self, adapter: str, address: str) -> Iterator[None]:
        """Keep a place for the device while entered."""
        self._taken.setdefault(adapter, set()).add(address)
        try:
            yield
        finally:
            self._taken[adapter].discard(address)
            self.freed()
