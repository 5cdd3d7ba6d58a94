"""Whether a way that says it is up also delivers: an open line proves nothing about the cloud."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from edge.supervision import Backoff
from edge.uplink.policy import ChoicePolicy


class Loss(Enum):
    """Why a way that is up is not trusted."""

    VAIN = "vain"
    """It acknowledges nothing."""
    POOR = "poor"
    """It acknowledges, and that takes too long or fails too often."""


@dataclass(slots=True)
class Trust:
    """One way's record. Times are monotonic seconds.

    Attempts that ran side by side count as one, so that a single lost connection with several
    batches on it is one bad turn. A way that is not trusted is tried by one batch at a time, ever
    more rarely. One vain turn proves nothing and is a reason to ask: the next batch is a trial, and
    what comes beside it goes the other way. A vain way is trusted again with the first
    acknowledgement, a poor one when `return_after` probes in a row came back in good time. One that
    is lost again soon after is probed as rarely as before.
    """

    policy: ChoicePolicy
    vain: int = 0
    loss: Loss | None = None
    _trial_at: float = -math.inf
    _good: int = 0
    _counted_at: float = -math.inf
    _lost_at: float = -math.inf
    _restored_at: float = -math.inf
    _probe_at: float = -math.inf
    _probing: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self._probing = Backoff(self.policy.probe)

    @property
    def is_lost(self) -> bool:
        """The other way is better, as far as is known."""
        return self.loss is not None

    def allows(self, *, now: float) -> bool:
        """Whether a batch may go this way: always while trusted, else when a probe is due."""
        if self.loss is not None:
            return now >= self._probe_at
        return not self.vain or now - self._trial_at >= self.policy.trial_seconds

    def begin(self, *, now: float) -> bool:
        """A batch goes this way; True when it is a trial or a probe: then the next one waits."""
        if not self.allows(now=now) or (self.loss is None and not self.vain):
            return False
        if self.loss is None:
            self._trial_at = now
            return True
        self._probe_at = now + self._probing.next_wait()
        return True

    def fail(self, *, began: float, now: float) -> bool:
        """An attempt begun at `began` was vain; True when that loses the trust."""
        if began < self._counted_at:
            return False
        self._counted_at = now
        self.vain += 1
        self._good, self._trial_at = 0, -math.inf
        if self.loss is Loss.VAIN or self.vain < self.policy.distrust_after:
            return False
        self.lose(Loss.VAIN, now=now)
        return True

    def lose(self, loss: Loss, *, now: float) -> None:
        """Use the other way."""
        if now - self._restored_at >= self.policy.probe.forgiven_after:
            self._probing.reset()
        self.loss, self._lost_at, self._good = loss, now, 0
        self._probe_at = now + self._probing.next_wait()

    def acknowledge(self, *, began: float, now: float) -> bool:
        """An acknowledgement came; True when that ends a distrust."""
        self.vain = 0
        if self.loss is Loss.POOR and not self._proves_good(began, now):
            return False
        return self.restore(now=now)

    def restore(self, *, now: float) -> bool:
        """Trust it again; True when it was not."""
        was_lost = self.is_lost
        self.vain, self.loss = 0, None
        if was_lost:
            self._restored_at = now
        return was_lost

    def _proves_good(self, began: float, now: float) -> bool:
        if began < self._lost_at:
            return False  # it belongs to what lost the trust
        self._good = self._good + 1 if now - began <= self.policy.good_seconds else 0
        if self._good:
            self._probe_at = now  # the next one may follow at once
        return self._good >= self.policy.return_after
