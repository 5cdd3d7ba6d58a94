"""What can be played in a sandbox: devices on a vehicle, an encounter, readings, and no patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from cloud.core.devices.service import Enrolment, enrol
from cloud.core.encounters.reading_checks import NewReading, NewValue
from cloud.core.encounters.readings import record_readings
from cloud.core.encounters.service import NewEncounter, create
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

_MAKER: Final = "Vitalwire Sandbox"
_EVERY: Final = timedelta(minutes=1)
_SATURATION: Final = "MDC_PULS_OXIM_SAT_O2"
_HEART_RATE: Final = "MDC_ECG_HEART_RATE"
_UNITS: Final = {_SATURATION: "%", _HEART_RATE: "/min"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A vehicle with its devices by class, and what each reads a minute apart, the last one now."""

    name: str
    says: str
    vehicle_id: str
    readings: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @property
    def incident_id(self) -> str:
        """By which dispatch would know it."""
        return f"SANDBOX-{self.name}"


SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario(
        name="chest_pain",
        says="Chest pain on the way to hospital: saturation and heart rate, an open encounter.",
        vehicle_id="SANDBOX-1",
        readings=(
            ("oximeter", _SATURATION, ("94", "93", "95", "96", "96")),
            ("defib", _HEART_RATE, ("104", "108", "101", "97", "92")),
        ),
    ),
    Scenario(
        name="low_saturation",
        says="Breathlessness: saturation falls out of the usual and comes back.",
        vehicle_id="SANDBOX-2",
        readings=(("oximeter", _SATURATION, ("91", "86", "82", "88", "93")),),
    ),
    Scenario(name="empty", says="A vehicle without devices, no readings.", vehicle_id="SANDBOX-3"),
)
BY_NAME: Final = {one.name: one for one in SCENARIOS}


def chosen(names: Iterable[str]) -> list[Scenario]:
    """The scenarios of these names, each once; InvalidError `unknown_scenario`."""
    wanted = list(dict.fromkeys(names))
    if any(name not in BY_NAME for name in wanted):
        raise InvalidError(
            "unknown_scenario",
            "Use scenarios of details.known.",
            details={"fields": ["scenarios"], "known": list(BY_NAME)},
        )
    return [BY_NAME[name] for name in wanted]


def play(
    work: UnitOfWork,
    vault: Vault,
    *,
    sandbox_id: str,
    tenant_id: str,
    scenarios: Iterable[Scenario],
) -> None:
    """Have each in the sandbox of this tenant; one that is there already stays as it is."""
    player = replace(service_principal(sandbox_id, "scenario"), sandbox_of=tenant_id)
    for one in scenarios:
        _play(work, vault, player, one)


def _play(work: UnitOfWork, vault: Vault, player: Principal, one: Scenario) -> None:
    begins = work.now - _EVERY * max((len(values) for *_, values in one.readings), default=0)
    encounter = NewEncounter(
        care_model="prehospital_emergency",
        vehicle_id=one.vehicle_id,
        crew_ids=("SANDBOX-CREW",),
        cad_incident_id=one.incident_id,
        started_at=begins,
    )
    _, is_new = create(work, player, vault, encounter)
    if not is_new:
        return
    for device_class, code, values in one.readings:
        device, _ = enrol(
            work,
            player,
            Enrolment(
                serial_number=f"{one.name}-{device_class}",
                device_class=device_class,
                manufacturer=_MAKER,
                vehicle_id=one.vehicle_id,
            ),
        )
        record_readings(
            work,
            player,
            device.device_id,
            [
                NewReading(
                    mdc_code=code,
                    single=NewValue(mdc_code=code, value=Decimal(value), unit_code=_UNITS[code]),
                    observed_at=begins + _EVERY * (place + 1),
                    sequence=place + 1,
                )
                for place, value in enumerate(values)
            ],
        )
