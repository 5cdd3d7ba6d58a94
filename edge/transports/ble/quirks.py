"""How models differ, as data: one row a model, one line an interval, each with where it is from.

A row is found by the name a device advertises or by the operator's `model`. What stands in no row
is treated by `PLAIN`, which is what the profiles' documents ask of everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from uuid import UUID

from edge.supervision import BackoffPolicy
from protocols.gatt import (
    berrymed,
    ghs_service_values,
    heart_rate,
    nonin,
    pulse_oximeter,
    viatom,
)
from protocols.gatt.ghs_service_values import GhsControl, GhsOpCode


class Bonding(Enum):
    """When a device is paired."""

    ON_DEMAND = "when it refuses something until it is paired"
    AT_ONCE = "before anything else"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Poll:
    """What has to be written again and again for the device to say something."""

    uuid: UUID
    octets: bytes
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """One model, or a family of them. Seconds.

    `name_prefixes` of what it advertises. `profiles`: private profiles that may be opened for it.
    `clock_first`: its clock is written before its values are switched on. `connect_seconds`: how
    long one attempt may take. `reconnect`: the waits after a link that failed or ended at once.
    `leaves_by_itself`: it ends the link when it has said everything; that is no fault.
    `source`: where this is known from.
    """

    model: str
    source: str
    name_prefixes: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    bonding: Bonding = Bonding.ON_DEMAND
    clock_first: bool = False
    leaves_by_itself: bool = False
    polls: tuple[Poll, ...] = ()
    connect_seconds: float = 15.0
    reconnect: BackoffPolicy = field(
        default_factory=lambda: BackoffPolicy(first=0.25, most=15.0, jitter=0.3, forgiven_after=10)
    )


PLAIN: Final = Quirk(model="plain", source="the profiles of the Bluetooth SIG")

_ASLEEP: Final = BackoffPolicy(first=1.0, most=10.0, jitter=0.3, forgiven_after=5)
"""A device that answers for some seconds after each measurement: a late call finds nobody."""

QUIRKS: Final = (
    Quirk(
        model="and_medical",
        name_prefixes=("A&D_",),
        clock_first=True,
        leaves_by_itself=True,
        bonding=Bonding.AT_ONCE,
        reconnect=_ASLEEP,
        source="A&D's public description of the UA-651BLE, UC-352BLE and UT-201BLE: pair, write"
        " Date Time, then switch indications on; the device ends the link",
    ),
    Quirk(
        model="omron_connect",
        name_prefixes=("BLEsmart_", "BLESmart_"),
        leaves_by_itself=True,
        bonding=Bonding.AT_ONCE,
        reconnect=_ASLEEP,
        source="public drivers of Omron's cuffs and scales: values only for a bonded reader, the"
        " device ends the link after the last one",
    ),
    Quirk(
        model="accu_chek",
        name_prefixes=("meter+", "Accu-Chek"),
        leaves_by_itself=True,
        bonding=Bonding.AT_ONCE,
        connect_seconds=20.0,
        reconnect=_ASLEEP,
        source="GLP 1.0.1 and public drivers of the Guide and Instant: everything is encrypted,"
        " a strip pushed in ends the link",
    ),
    Quirk(
        model="nonin_3230",
        name_prefixes=("Nonin",),
        profiles=("nonin_oximetry",),
        source="Nonin's public sample code for the 3230: one value a second in a private service",
    ),
    Quirk(
        model="berrymed",
        name_prefixes=("BerryMed",),
        profiles=("berrymed_oximetry",),
        bonding=Bonding.NEVER,
        source="Adafruit's library for the BM1000 and the BCI description it names",
    ),
    Quirk(
        model="viatom_oximeter",
        name_prefixes=("O2Ring", "O2M", "Checkme_O2", "SleepO2", "WearO2"),
        profiles=("viatom_oximetry",),
        bonding=Bonding.NEVER,
        polls=(Poll(viatom.COMMAND.uuid, viatom.READ_SENSORS, 2.0),),
        source="several public clients of Viatom's and Wellue's rings: nothing is said unasked",
    ),
)

INTERVALS: Final[dict[UUID, float]] = {
    pulse_oximeter.CONTINUOUS.uuid: 1.0,  # PLXP 1.0: about once a second while a finger is in
    heart_rate.MEASUREMENT.uuid: 1.0,  # HRS 1.0, 3.1: usually once a second
    nonin.MEASUREMENT.uuid: 1.0,  # the 3230's sample code
    berrymed.STREAM.uuid: 0.1,  # a hundred packets a second, some to a notification
    viatom.ANSWER.uuid: 2.0,  # an answer to each poll
}
"""Seconds between values of what flows steadily; everything else comes when something happens."""

STARTS: Final[dict[UUID, bytes]] = {
    # GHSS 1.0: live observations are sent once they are asked for, on each link anew
    ghs_service_values.CONTROL_POINT.uuid: ghs_service_values.CONTROL_POINT.encode(
        GhsControl(GhsOpCode.START_LIVE_OBSERVATIONS)
    ),
}
"""What a service is told when its values are on, by the characteristic it is written to."""

PRIVATE_PROFILES: Final = frozenset(
    {berrymed.PROFILE.name, nonin.PROFILE.name, viatom.PROFILE.name}
)
"""Profiles that are opened only where a row says so: their services are of chip makers too."""


def find_quirk(*, model: str, name: str) -> Quirk:
    """The row of the operator's `model`, else of the advertised `name`, else the plain one."""
    for quirk in QUIRKS:
        if quirk.model == model:
            return quirk
    for quirk in QUIRKS:
        if name and name.startswith(quirk.name_prefixes):
            return quirk
    return PLAIN


def is_known_model(model: str) -> bool:
    """Whether the table has such a row."""
    return model == PLAIN.model or any(quirk.model == model for quirk in QUIRKS)
