"""What the cloud's API says it has stored, as the ledger wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from protocols.model.quantity import SpecialValue
from protocols.nomenclature.lookup import find_by_name
from simulators.incident.cloud_client import CloudClient, JsonObject
from simulators.incident.ledger import StoredReading
from simulators.value_texts import bits_text, coded_text, compound_text, number_text

_PAGE: Final = "200"


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """Waveform samples of one device: stored, and missing by the cloud's own timeline."""

    stored: int
    gap: int


def live_counts(encounter: JsonObject, device_id: str) -> LiveCounts:
    """From the encounter's projection."""
    return LiveCounts(
        stored=sum(
            int(one["samples"]) for one in encounter.get("devices", []) if one["id"] == device_id
        ),
        gap=sum(
            int(gap["samples"])
            for gap in encounter.get("gaps", [])
            if gap["device_id"] == device_id
        ),
    )


def stored_readings(client: CloudClient, device_id: str) -> Sequence[StoredReading]:
    """Every reading of a device that is no waveform, in time order."""
    path = f"/api/v1/devices/{device_id}/observations"
    return [reading_of(item) for item in client.pages(path, "observations", limit=_PAGE)]


def reading_of(item: JsonObject) -> StoredReading:
    """One observation of the API."""
    return StoredReading(
        observation_id=UUID(str(item["id"]).removeprefix("obs_")),
        type_cf=int(item["mdc_number"]),
        value=text_of(item),
        received_at=datetime.fromisoformat(item["received_at"]),
    )


def text_of(item: JsonObject) -> str:
    """The exact text of an observation's value."""
    match item["kind"]:
        case "compound":
            return compound_text(
                (_code(part["mdc_code"]), _number(part)) for part in item["components"]
            )
        case "coded":
            return coded_text(_code(item["value_code"]))
        case "bits":
            return bits_text(int(item["bits"]))
        case "text":
            return str(item["text"])
    return _number(item)


def _number(item: JsonObject) -> str:
    unit = str(item.get("unit_code", ""))
    if "special" in item:
        return number_text(SpecialValue(item["special"]), unit)
    # A unit without a UCUM form comes as its 32-bit number; `1` is UCUM's dimensionless unit.
    is_number = unit.isdecimal() and int(unit) > 1
    return number_text(Decimal(item["value"]), f"[{unit}]" if is_number else unit)


def _code(name: str) -> int:
    """The 32-bit code of a reference id, or of a number where a term has none."""
    if name.isdecimal():
        return int(name)
    term = find_by_name(name)
    return term.code.cf_code if term else 0
