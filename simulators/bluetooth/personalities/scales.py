"""Scales: weight (Weight Scale Service), and what a body is made of (Body Composition Service).

A stretcher with load cells and a bathroom scale in the hall: the weight is that of `WEIGHT`, to
the scale's step.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Final

from protocols.gatt import body_composition, weight_scale
from protocols.gatt.body_composition import BodyCompositionFeature, BodyCompositionMeasurement
from protocols.gatt.fields import DateTime
from protocols.gatt.weight_scale import BodyMassIndex, WeightMeasurement, WeightScaleFeature
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.backlog import Backlog
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.clocks import current_time_service
from simulators.bluetooth.truth import Truth

EVERY_SECONDS: Final = 90.0
WEIGHT: Final = Decimal("78.405")
HEIGHT: Final = Decimal("176.0")
_INDEX: Final = Decimal("25.3")
_STAMPED_WITH_INDEX: Final = 0x00000005
_STAMPED: Final = 0x00000001

WEIGHT_SCALE: Final = BluetoothIdentity(
    name="weight-scale",
    shown_name="Stretcher Scale",
    address="F0:5A:00:00:00:06",
    info=identity_info(6, "Stretcher Scale BT", "BT-WS-0006"),
    advertised=(0x181D,),
    ahead=timedelta(minutes=3),
)
BODY_COMPOSITION: Final = BluetoothIdentity(
    name="body-composition",
    shown_name="Bath Scale",
    address="F0:5A:00:00:00:07",
    info=identity_info(7, "Bath Scale BT", "BT-BC-0007"),
    advertised=(0x181B,),
    ahead=timedelta(minutes=-3),
)


class WeightScale(Personality):
    """Weights by confirmed indication."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.backlog = Backlog(self)

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Weight Scale Service and the clock."""
        feature = readable(weight_scale.FEATURE, lambda: WeightScaleFeature(_STAMPED_WITH_INDEX))
        own = service_of(weight_scale.PROFILE, pushed(weight_scale.MEASUREMENT), feature)
        return (own, current_time_service(self))

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Weighing and delivering."""
        return (self.every(EVERY_SECONDS, self._weigh), self.backlog.deliver())

    async def _weigh(self, _t: float) -> None:
        record = WeightMeasurement(
            weight=WEIGHT,
            time=DateTime.of(self.local),
            index=BodyMassIndex(bmi=_INDEX, height=HEIGHT),
        )
        self.backlog.keep(weight_scale.PROFILE, weight_scale.MEASUREMENT, record)


class BodyCompositionScale(Personality):
    """Body composition by confirmed indication, with the weight in it."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.backlog = Backlog(self)

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Body Composition Service and the clock."""
        feature = readable(body_composition.FEATURE, lambda: BodyCompositionFeature(_STAMPED))
        own = service_of(body_composition.PROFILE, pushed(body_composition.MEASUREMENT), feature)
        return (own, current_time_service(self))

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Weighing and delivering."""
        return (self.every(EVERY_SECONDS, self._weigh), self.backlog.deliver())

    async def _weigh(self, _t: float) -> None:
        record = BodyCompositionMeasurement(
            body_fat=Decimal("22.4"),
            time=DateTime.of(self.local),
            muscle_percentage=Decimal("39.1"),
            impedance=Decimal("512.0"),
            weight=WEIGHT,
        )
        self.backlog.keep(body_composition.PROFILE, body_composition.MEASUREMENT, record)
