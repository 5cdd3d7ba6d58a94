"""Characteristic values nobody here wrote, and what they mean."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.errors import DecodeError
from protocols.gatt.blood_pressure import BloodPressureMeasurement
from protocols.gatt.current_time import CurrentTime
from protocols.gatt.fields import DateTime
from protocols.gatt.heart_rate import HeartRateMeasurement
from protocols.gatt.pulse_oximeter import PlxSpotCheck
from protocols.gatt.registry import DECODERS
from protocols.gatt.thermometer import TemperatureMeasurement
from protocols.nomenclature.lookup import ucum
from tests.conformance.apdu_view import number_text
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors

Vector = dict[str, Any]
NAMES = ("plx_spot", "bps", "hts", "hrm", "dtm", "cts")
UNITS = {"mm[Hg]": "mmHg"}


def vectors(*decoders: str) -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"])
        for vector in phd()["vectors"]
        if vector["decoder"] in decoders
    ]


def bits(value: int | None, digits: int) -> str | None:
    return None if value is None else f"0x{value:0{digits}X}"


def seen(record: object) -> dict[str, object]:
    """A record in the words of the vectors."""
    match record:
        case PlxSpotCheck():
            return {
                "spo2": number_text(record.reading.spo2),
                "pr": number_text(record.reading.pulse_rate),
                "time": str(record.time),
                "measurement_status": bits(record.measurement_status, 4),
                "device_status": bits(record.device_status, 6),
                "clock_not_set": record.clock_not_set,
            }
        case BloodPressureMeasurement():
            spelled = ucum(record.unit) or ""
            return {
                "sys": number_text(record.systolic),
                "dia": number_text(record.diastolic),
                "map": number_text(record.mean),
                "pulse": number_text(record.pulse_rate) if record.pulse_rate else None,
                "time": str(record.time),
                "user": record.user,
                "status": bits(record.status, 4),
                "unit": UNITS.get(spelled, spelled),
            }
        case TemperatureMeasurement():
            return {
                "temp": number_text(record.temperature),
                "unit": "degF" if record.in_fahrenheit else "degC",
                "time": str(record.time),
                "type": record.type,
            }
        case HeartRateMeasurement():
            return {
                "hr": record.rate,
                "contact": record.contact.value,
                "energy_kJ": record.energy,
                "rr_1024": list(record.rr_intervals),
            }
        case DateTime():
            return {"time": str(record)}
        case CurrentTime():
            return {"time": str(record.time), "dow": record.day_of_week, "reason": record.reason}
    raise AssertionError(record)


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_a_characteristic_means_what_the_vector_says(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    record = DECODERS[vector["decoder"]].decode(octets)
    view = seen(record)
    assert {key: view[key] for key in vector["expect"]} == vector["expect"]


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_a_characteristic_is_written_back_octet_for_octet(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    characteristic = DECODERS[vector["decoder"]]
    written = characteristic.encode(characteristic.decode(octets))
    assert written == octets


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_a_characteristic_cut_short_or_joined_with_the_next_is_refused(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    characteristic = DECODERS[vector["decoder"]]
    for wrong in (b"", octets[:-1], octets + b"\x00"):
        with pytest.raises(DecodeError):
            characteristic.decode(wrong)
