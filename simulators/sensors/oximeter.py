"""A finger probe: saturation and pulse averaged over eight seconds, lost without a pulse."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from simulators.patient.happenings import Circumstance
from simulators.patient.vital_signs import Patient
from simulators.sensors.unrest import averaged, unrest

AVERAGING_SECONDS: Final = 8.0
_LOOKS: Final = 5
_KIND: Final = 1
_MOTION_LOSS: Final = 5.0
"""Percent that a moving hand seems to lack."""


@dataclass(frozen=True, slots=True)
class Oximetry:
    """What the probe says: whole percent, whole beats a minute, tenths of a percent.

    None while it finds no pulse. `is_unsure`: the hand moves, or hardly any blood does.
    """

    spo2: int | None
    pulse_rate: int | None
    perfusion_index: Decimal | None
    is_unsure: bool

    @property
    def is_searching(self) -> bool:
        """Whether it looks for a pulse."""
        return self.spo2 is None


_NOTHING: Final = Oximetry(None, None, None, is_unsure=True)
_WEAK: Final = 0.4


class OximeterProbe:
    """The probe at one patient's finger; `averaging` seconds, squeezed with a story told faster."""

    def __init__(self, patient: Patient, *, averaging: float = AVERAGING_SECONDS) -> None:
        self._patient = patient
        self._window = averaging * patient.pace

    def read(self, t: float) -> Oximetry:
        """What it shows at t."""
        spo2 = averaged(lambda at: self._seen("spo2", at), t, window=self._window, looks=_LOOKS)
        rate = averaged(
            lambda at: self._seen("heart_rate", at), t, window=self._window, looks=_LOOKS
        )
        if spo2 is None or rate is None:
            return _NOTHING
        noise = unrest(self._patient, _KIND, t, 3)
        moves = self._patient.holds(Circumstance.MOTION, t)
        perfusion = self._patient.body_at(t).perfusion
        if moves:
            spo2 -= _MOTION_LOSS + 1.5 * noise[0]
            rate += 9 * noise[1]
        return Oximetry(
            spo2=min(100, max(0, round(spo2 + 0.4 * noise[0]))),
            pulse_rate=max(0, round(rate + 0.7 * noise[1])),
            perfusion_index=Decimal(max(1, round(40 * perfusion + noise[2]))).scaleb(-1),
            is_unsure=moves or perfusion < _WEAK,
        )

    def _seen(self, name: str, t: float) -> float | None:
        patient = self._patient
        if not patient.has_pulse(t) or patient.holds(Circumstance.PROBE_OFF, t):
            return None
        return patient.stretch_at(t).quantity(name, t)
