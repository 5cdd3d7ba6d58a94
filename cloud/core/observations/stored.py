"""An observation as the cloud holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from protocols.model.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObservation:
    """One committed observation with where it came from.

    `device_id` is the public id (`dev_...`); `encounter_id` the public id (`enc_...`) or None
    while it is bound to none; `received_at` the aware UTC time of the cloud's transaction;
    `captured_at` the gateway's aware UTC time of its durable write, None when the observation came
    over the API; `flags` are the contract's words (`implausible`, `late`, `unknown_code`, ...).
    """

    observation: Observation
    device_id: str
    gateway_id: str | None
    vehicle_id: str | None
    encounter_id: str | None
    captured_at: datetime | None
    received_at: datetime
    flags: tuple[str, ...] = ()
