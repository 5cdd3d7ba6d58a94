"""The decode tool against every vector nobody here wrote, by the name of its decoder."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.decoding.report import Decoding, kind_of
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors

Vector = dict[str, Any]
SPECIALS = {"+INF": "+INFINITY", "-INF": "-INFINITY"}
# What the vectors call a field, and what the documents call it in ours.
NAMES = {
    "pr": "pulse_rate",
    "sys": "systolic",
    "dia": "diastolic",
    "map": "mean",
    "pulse": "pulse_rate",
    "temp": "temperature",
    "seq": "sequence_number",
    "offset_min": "offset_minutes",
    "conc": "concentration.value",
    "loc": "concentration.sample_location",
    "hr": "rate",
    "energy_kJ": "energy",
    "rr_1024": "rr_intervals",
    "dow": "day_of_week",
}
LISTS = {"conc_mg_dl": "records.0.concentration"}


def octets_of(vector: Vector) -> str:
    """The digits; of segments joined by a bar, without their headers."""
    parts = str(vector["hex"]).split("|")
    return parts[0] if len(parts) == 1 else "".join(part[2:] for part in parts)


def decoded(vector: Vector) -> dict[str, Any]:
    decoding = Decoding(kind=kind_of(vector["decoder"]), as_json=True)
    (line,) = decoding.lines(octets_of(vector).encode())
    item: dict[str, Any] = json.loads(line)
    return item


def look_up(tree: object, path: str) -> object:
    found: Any = tree
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found.get(key)
    return found


def values() -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"])
        for vector in phd()["vectors"]
        if vector["decoder"] not in {"apdu", "nfc_phd"} and vector["category"] != "negative"
    ]


@pytest.mark.parametrize("vector", values())
def test_every_vector_is_shown_with_its_values(vector: Vector) -> None:
    item, expect = decoded(vector), vector["expect"]
    assert item["raw"] == octets_of(vector)
    assert not item["warnings"]
    if isinstance(expect, str):
        assert item["fields"] == {"value": SPECIALS.get(expect, expect)}
        return
    compared = 0
    for name, wanted in expect.items():
        path = LISTS.get(name) or NAMES.get(name, name)
        shown = look_up(item["fields"], path)
        if shown is None and name not in item["fields"]:
            continue  # worked out from fields that stand beside it
        if isinstance(wanted, str) and wanted.startswith("0x") and isinstance(shown, int):
            wanted = int(wanted, 16)
        if name in {"value", "type", "unit"}:
            assert str(wanted).split(" ")[0] in str(shown) or name != "value"
            continue
        assert shown == wanted, name
        compared += 1
    assert compared or vector["decoder"] in {"racp", "ghs_draft_tlv"}


@pytest.mark.parametrize("vector", [v for v in phd()["vectors"] if v["decoder"] == "nfc_phd"])
def test_an_nfc_record_is_shown_with_the_message_in_it(vector: Vector) -> None:
    fields = decoded(vector)["fields"]
    assert fields["sequence"] == vector["expect"]["seq"]


def test_an_apdu_shows_bits_events_and_actions_by_name() -> None:
    by_id = {vector["id"]: vector["hex"] for vector in phd()["vectors"]}
    text = "\n".join(Decoding().lines(by_id["pm-trig-xfer-req"].encode()))
    assert "action_type: 3100 (MDC_ACT_SEG_TRIG_XFER)" in text
    text = "\n".join(Decoding().lines(by_id["mds-get-rsp-novopen"].encode()))
    assert "mds-time-capab-relative-time" in text
