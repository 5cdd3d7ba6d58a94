"""How rows are sent, by which way, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from edge.supervision import BackoffPolicy


class Way(Enum):
    """The two ways to the cloud."""

    MQTT = "mqtt"
    HTTPS = "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class LingerPolicy:
    """How long rows of a lane wait for company, in seconds.

    A batch costs the gateway and the cloud the same work whatever is in it, and a small one more
    octets a row. What waited longer already, as after an outage, goes at once.
    """

    events: float = 0.05
    numerics: float = 1.0
    waveforms: float = 2.0

    def __post_init__(self) -> None:
        if min(self.events, self.numerics, self.waveforms) < 0:
            raise ValueError("linger_seconds are not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPolicy:
    """Batches of up to `batch_rows` rows or `batch_octets`, `in_flight` of each lane at once.

    While answers come fast batches of a backlog grow to `drain_rows`. Of waveforms there are
    `waveforms_in_flight`, so that they never stand in the way. After new rows came the sender
    waits for more, as `linger` says. A batch that is not acknowledged within
    `ack_timeout_seconds`, or sooner on a way that is known to be fast, is sent again. After
    `poison_after` vain attempts, while the cloud acknowledged others, a batch is taken apart to
    find the row that spoils it.
    `retry` spaces the attempts while the cloud cannot be reached.
    """

    batch_rows: int = 200
    batch_octets: int = 512 << 10
    drain_rows: int = 2000
    waveforms_in_flight: int = 3
    in_flight: int = 4
    linger: LingerPolicy = field(default_factory=LingerPolicy)
    ack_timeout_seconds: float = 10.0
    poison_after: int = 6
    retry: BackoffPolicy = field(default_factory=lambda: BackoffPolicy(first=0.25, most=1.0))

    def __post_init__(self) -> None:
        counts = (self.batch_rows, self.batch_octets, self.in_flight, self.waveforms_in_flight)
        if min(*counts, self.drain_rows, self.poison_after) < 1:
            raise ValueError("batch_rows, batch_octets, in_flight and the like are at least 1")
        if self.ack_timeout_seconds <= 0:
            raise ValueError("ack_timeout_seconds is above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class AheadPolicy:
    """What waits is written while there is no way, so that a backlog need only be sent then.

    Every `look_seconds` without a way, batches of `rows` are written, while at least `least_rows`
    wait; `rows_at_once` are read at once, so that no report waits long for its turn. A batch takes
    no more than `octets` on the way: what is new must get past it on a slow one.
    """

    look_seconds: float = 2.0
    rows: int = 5000
    least_rows: int = 1000
    rows_at_once: int = 250
    octets: int = 4 << 10

    def __post_init__(self) -> None:
        if min(self.rows, self.least_rows, self.rows_at_once, self.octets) < 1:
            raise ValueError("rows, least_rows, rows_at_once and octets are at least 1")
        if self.look_seconds <= 0:
            raise ValueError("look_seconds is above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicePolicy:
    """`prefer` one way; when it has been down `fallback_after_seconds`, use the other meanwhile.

    A way can be up and deliver nothing: after `distrust_after` vain attempts in a row the other
    one is used too; after the first of them beside a single trial, for `trial_seconds` at most. It
    can deliver and be of little use: when over `window_seconds` and at least `judged_after`
    attempts an acknowledged batch costs more than `slow_seconds`, the other one is tried, and kept
    while it is `better_by` that factor; else `hold` spaces the next try. `probe` spaces the
    attempts to return; a poor way is used again after `return_after` batches in a row that took no
    longer than `good_seconds`.
    """

    prefer: Way = Way.MQTT
    fallback_after_seconds: float = 10.0
    distrust_after: int = 2
    trial_seconds: float = 10.0
    slow_seconds: float = 5.0
    window_seconds: float = 60.0
    judged_after: int = 4
    better_by: float = 1.5
    return_after: int = 3
    probe: BackoffPolicy = field(
        default_factory=lambda: BackoffPolicy(first=15.0, most=120.0, forgiven_after=120.0)
    )
    hold: BackoffPolicy = field(default_factory=lambda: BackoffPolicy(first=60.0, most=600.0))

    @property
    def good_seconds(self) -> float:
        """Half of what is slow: a way on the edge is not taken back to be left again."""
        return self.slow_seconds / 2

    def __post_init__(self) -> None:
        if self.fallback_after_seconds < 0 or self.distrust_after < 1:
            raise ValueError("fallback_after_seconds is not negative, distrust_after at least 1")
        if min(self.slow_seconds, self.window_seconds) <= 0 or self.better_by < 1:
            raise ValueError("slow_seconds and the like are above 0, better_by at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttPolicy:
    """Where the broker is. `mqtts` in the URL asks for TLS; `ca_file` trusts one authority only."""

    url: str
    ca_file: str = ""
    keepalive_seconds: int = 15
    connect_timeout_seconds: float = 10.0
    session_expiry_seconds: int = 86_400
    retry: BackoffPolicy = field(default_factory=lambda: BackoffPolicy(first=0.25, most=1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpsPolicy:
    """Where the cloud's API is. A token is renewed `renew_before_seconds` ahead of its end.

    `trust_plain_time`: believe what time an answer says it is, though nobody proved whose it is.
    """

    url: str
    trust_plain_time: bool = False
    ca_file: str = ""
    timeout_seconds: float = 10.0
    renew_before_seconds: float = 60.0
    retry: BackoffPolicy = field(default_factory=lambda: BackoffPolicy(first=0.25, most=1.0))
