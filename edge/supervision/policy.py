"""How the parts of the gateway are started again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from edge.supervision.backoff import BackoffPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionPolicy:
    """Of all parts together. The waits of a device stand in `drivers.reopen`."""

    most_restarts: Annotated[
        int, "so many parts are started again within `within_seconds` at most; more wait their turn"
    ] = 60
    within_seconds: Annotated[float, "seconds that are looked back on for `most_restarts`"] = 10.0
    services: BackoffPolicy = field(default_factory=BackoffPolicy)

    def __post_init__(self) -> None:
        if self.most_restarts < 1 or self.within_seconds <= 0:
            raise ValueError("most_restarts is at least 1 and within_seconds above 0")
