"""The ways to the cloud."""

from __future__ import annotations

from pydantic import Field, model_validator

from edge.settings.fields import Group, HttpUrl, MqttUrl
from edge.uplink.budget import BudgetPolicy, Profile
from edge.uplink.policy import (
    ChoicePolicy,
    HttpsPolicy,
    LingerPolicy,
    MqttPolicy,
    SenderPolicy,
    Way,
)


class UplinkSettings(Group):
    """The ways to the cloud; without a URL a way is off, without both rows stay in the buffer."""

    mqtt_url: MqttUrl = Field(
        default="", description="the broker, as `mqtt://HOST` or `mqtts://HOST[:PORT]`"
    )
    http_url: HttpUrl = Field(default="", description="the cloud, as `https://HOST[:PORT]`")
    ca_file: str = Field(default="", description="trust this authority only")
    trust_plain_time: bool = Field(
        default=False,
        description="believe the cloud's clock over plain `http` too, on a development link that"
        " nobody else reaches; over `https` it is always believed",
    )
    prefer: Way = Field(default=Way.MQTT, description="the way to use while both work")
    fallback_after_seconds: float = Field(
        default=10.0,
        ge=0,
        description="how long the preferred way is down before the other is used",
    )
    distrust_after: int = Field(
        default=2,
        description="vain attempts in a row after which a way that is up counts as failing",
    )
    slow_seconds: float = Field(
        default=5.0,
        description="a way on which an acknowledged batch costs more is left for a better one",
    )
    keepalive_seconds: int = Field(
        default=15, ge=1, le=3600, description="how soon a silent broker is noticed"
    )
    batch_rows: int = Field(
        default=200, description="rows in a batch at most; of waveforms twice as many"
    )
    batch_octets: int = Field(
        default=512 << 10, description="octets in a batch at most, before compression"
    )
    drain_rows: int = Field(
        default=2000, description="rows in a batch at most while a backlog drains fast"
    )
    in_flight: int = Field(
        default=4, description="batches of a lane that wait for an acknowledgement at once"
    )
    waveforms_in_flight: int = Field(
        default=3, description="batches of waveforms that wait at once, beside the others"
    )
    budget: Profile = Field(
        default=Profile.FULL,
        description="`thin`: events and numbers alone, waveforms on demand or at the station"
        " (see `[station]`)",
    )
    octets_per_hour: int = Field(
        default=0, description="near this waveforms wait, at it numbers do; 0: no cap"
    )
    thin_linger_seconds: float = Field(
        default=10.0, description="how long numbers wait for company under `thin`"
    )
    linger_seconds: float = Field(default=0.05, description="how long events wait for company")
    numerics_linger_seconds: float = Field(
        default=1.0, description="how long numbers wait for company: so much later they are shown"
    )
    waveforms_linger_seconds: float = Field(
        default=2.0,
        description="how long waveforms wait for company; longer costs less and shows later",
    )
    ack_timeout_seconds: float = Field(
        default=10.0, description="after this an unacknowledged batch is sent again"
    )
    poison_after: int = Field(
        default=6,
        description="vain attempts after which a batch is searched for the row that spoils it",
    )

    @model_validator(mode="after")
    def _check_policies(self) -> UplinkSettings:
        _ = self.sender, self.choice, self.spending
        return self

    @property
    def sender(self) -> SenderPolicy:
        """The sender's share."""
        return SenderPolicy(
            batch_rows=self.batch_rows,
            batch_octets=self.batch_octets,
            drain_rows=self.drain_rows,
            in_flight=self.in_flight,
            waveforms_in_flight=self.waveforms_in_flight,
            linger=LingerPolicy(
                events=self.linger_seconds,
                numerics=self.numerics_linger_seconds,
                waveforms=self.waveforms_linger_seconds,
            ),
            ack_timeout_seconds=self.ack_timeout_seconds,
            poison_after=self.poison_after,
        )

    @property
    def spending(self) -> BudgetPolicy:
        """What the links may cost."""
        return BudgetPolicy(
            profile=self.budget,
            octets_per_hour=self.octets_per_hour,
            thin_linger_seconds=self.thin_linger_seconds,
        )

    @property
    def choice(self) -> ChoicePolicy:
        """The share of the choice between two ways."""
        return ChoicePolicy(
            prefer=self.prefer,
            fallback_after_seconds=self.fallback_after_seconds,
            distrust_after=self.distrust_after,
            slow_seconds=self.slow_seconds,
        )

    @property
    def mqtt(self) -> MqttPolicy | None:
        """The first way, None when it is off."""
        return (
            self.mqtt_url
            and MqttPolicy(
                url=self.mqtt_url, ca_file=self.ca_file, keepalive_seconds=self.keepalive_seconds
            )
        ) or None

    @property
    def https(self) -> HttpsPolicy | None:
        """The second way, None when it is off."""
        return (
            self.http_url
            and HttpsPolicy(
                url=self.http_url,
                trust_plain_time=self.trust_plain_time,
                ca_file=self.ca_file,
                timeout_seconds=self.ack_timeout_seconds,
            )
        ) or None
