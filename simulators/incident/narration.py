"""The arrest told live: what happens to the patient, and what the cloud knows of it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from simulators.errors import CloudRefusedError
from simulators.incident.cloud_client import CloudClient, JsonObject
from simulators.incident.stored_readings import text_of
from simulators.patient.vital_signs import Patient

READ_SECONDS: Final = 2.0
LINES: Final = 25
"""About so many lines of numbers for a whole story, however long."""
_BACK: Final = timedelta(seconds=20)
_SHOWN: Final = (
    ("HR", "MDC_ECG_HEART_RATE"),
    ("SpO2", "MDC_PULS_OXIM_SAT_O2"),
    ("pulse", "MDC_PULS_OXIM_PULS_RATE"),
    ("NIBP", "MDC_PRESS_BLD_NONINV"),
)


class Narrator:
    """Called again and again while the patient's time runs; says what is new."""

    def __init__(
        self,
        patient: Patient,
        client: CloudClient,
        device_ids: Sequence[str],
        say: Callable[[str], None],
    ) -> None:
        self._patient = patient
        self._client = client
        self._device_ids = device_ids
        self._say = say
        self._told = 0
        self._pause = max(READ_SECONDS, round(patient.seconds / LINES))
        self._next_look = READ_SECONDS

    def tell(self, start_at: datetime, t: float) -> None:
        """What happened up to `t` seconds, and now and then the cloud's newest numbers."""
        events = self._patient.events
        while self._told < len(events) and events[self._told].at <= t:
            event = events[self._told]
            self._say(f"{event.at:6.1f} s  ** {event.words} **")
            self._told += 1
        if t >= self._next_look and t <= self._patient.seconds + READ_SECONDS:
            self._next_look = t + self._pause
            self._say(f"{t:6.1f} s  {self._numbers(start_at + timedelta(seconds=t))}")

    def _numbers(self, now: datetime) -> str:
        newest: dict[str, JsonObject] = {}
        try:
            for device_id in self._device_ids:
                for item in self._client.pages(
                    f"/api/v1/devices/{device_id}/observations",
                    "observations",
                    since=(now - _BACK).isoformat(),
                ):
                    newest[item["mdc_code"]] = item
        except CloudRefusedError:
            return "(the cloud does not answer at the moment)"
        shown = [f"{name} {monitor_text(newest.get(code))}" for name, code in _SHOWN]
        return "the cloud shows  " + "   ".join(shown)


def monitor_text(item: JsonObject | None) -> str:
    """A reading as a monitor shows it; `--` where there is none or no number."""
    if item is None:
        return "--"
    if item["kind"] == "compound":
        numbers = [str(part.get("value", "--")) for part in item["components"]]
        mean = f" ({numbers[2]})" if len(numbers) > 2 else ""
        return f"{'/'.join(numbers[:2])}{mean} {item['components'][0]['unit_code']}"
    if "value" in item:
        return f"{item['value']} {item['unit_code']}"
    return "--" if item["kind"] == "numeric" else text_of(item)
