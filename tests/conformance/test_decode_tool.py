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
# What the vectors call a field, and where the documents' name for it stands in ours.
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
    "op": "op_code",
    "tz_min": "zone_minutes",
    "dst_min": "dst_minutes",
    "time_ms_epoch": "time",
}
PLACES = {
    ("gls", "unit"): "concentration.unit",
    ("gls", "type"): "concentration.sample_type",
    ("cgm", "conc_mg_dl"): "records.0.concentration",
    ("cgm", "offset_min"): "records.0.offset_minutes",
}
# What the vectors say in words of their own.
WORDS = {
    "mmHg": "3872 (mm[Hg])",
    "degC": "6048 (Cel)",
    "kg/L": "2051 (kg/L)",
    "response": "RESPONSE",
    "number-of-records": "NUMBER_RESPONSE",
    "0x0002E008 (oral temperature, =188424)": "2:57352 (MDC_TEMP_ORAL)",
    "0x000417A0 = 268192 degC": "4:6048 (Cel)",
    "37.8 (source comment says 38.7: comment wrong, 0x017A=378 e-1)": "37.8",
    1606923774082: "2020-12-02T15:42:54.082+00:00",
}
# Whether a checksum fits is a warning of the tool, and there is none.
NOT_SHOWN = {"crc_ok"}


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
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def in_our_words(wanted: Any) -> object:  # noqa: ANN401 - a value of JSON
    """An expected value as the tool shows it: hexadecimal bits as a number."""
    if isinstance(wanted, list):
        return wanted
    if wanted in WORDS:
        return WORDS[wanted]
    is_hexadecimal = isinstance(wanted, str) and wanted.startswith("0x")
    return int(wanted, 16) if is_hexadecimal else wanted


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
    for name in expect.keys() - NOT_SHOWN:
        path = PLACES.get((vector["decoder"], name)) or NAMES.get(name, name)
        assert look_up(item["fields"], path) == in_our_words(expect[name]), name


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
