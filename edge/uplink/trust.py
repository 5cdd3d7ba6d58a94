"""Whether a way that says it is up also delivers: an open line proves nothing about the cloud."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from edge.supervision import Backoff
from edge.uplink.policy import ChoicePolicy


@dataclass(slots=True)
class Trust:
    """One way's record of vain attempts. Times are monotonic seconds.

    Attempts that ran side by side count as one, so that a single lost connection with several
    batches on it is one bad turn. A way that is not trusted is tried by one batch at a time,
    ever more rarely, until an acknowledgement comes by it.
    """

    policy: ChoicePolicy
    vain: int = 0
    _counted_at: float = -math.inf
    _probe_at: float | None = None
    _probing: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self._probing = Backoff(self.policy.probe)

    @property
    def is_lost(self) -> bool:
        """Too many vain attempts, and no acknowledgement since."""
        return self._probe_at is not None

    def allows(self, *, now: float) -> bool:
        """Whether a batch may go this way: always while trusted, else when a probe is due."""
        return self._probe_at is None or now >= self._probe_at

    def begin(self, *, now: float) -> None:
        """A batch goes this way. While the trust is lost it is a probe, and the next one waits."""
        if self._probe_at is not None and now >= self._probe_at:
            self._probe_at = now + self._probing.next_wait()

    def fail(self, *, began: float, now: float) -> bool:
        """An attempt begun at `began` was vain; True when that loses the trust."""
        if began < self._counted_at:
            return False
        self._counted_at = now
        self.vain += 1
        if self.is_lost or self.vain < self.policy.distrust_after:
            return False
        self._probe_at = now + self._probing.next_wait()
        return True

    def restore(self) -> bool:
        """An acknowledgement came; True when that ends a distrust."""
        was_lost = self.is_lost
        self.vain, self._probe_at = 0, None
        self._probing.reset()
        return was_lost
