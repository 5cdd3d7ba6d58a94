"""The demo on a recorded exchange of a device nobody here wrote."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from protocols.captures import Capture, format_capture, parse_capture
from tests.integration.test_demo_incident import run_demo
from tests.vectors_folder import PHD_FILE, needs_vectors

pytestmark = needs_vectors


def observations(data: Path) -> list[dict[str, Any]]:
    bundle = json.loads((data / "handover-bundle.json").read_text(), parse_float=Decimal)
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in resources if one["resourceType"] == "Observation"]


def numbers(observation: dict[str, Any]) -> list[tuple[object, object]]:
    return [
        (part["valueQuantity"]["value"], part["valueQuantity"]["code"])
        for part in observation.get("component", [])
        if "valueQuantity" in part
    ]


@pytest.mark.soak
def test_the_recorded_blood_pressures_reach_the_bundle_with_their_values(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = run_demo(
        "--check", "--data", str(data), "--capture", f"{PHD_FILE}#antidote-bloodpressure"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pressures = [numbers(one) for one in observations(data) if len(numbers(one)) == 3]
    assert pressures == [
        [(123, "mm[Hg]"), (76, "mm[Hg]"), (97, "mm[Hg]")],
        [(133, "mm[Hg]"), (85, "mm[Hg]"), (96, "mm[Hg]")],
        [(119, "mm[Hg]"), (71, "mm[Hg]"), (92, "mm[Hg]")],
    ]
    assert "Systolic blood pressure, non-invasive 123 mm[Hg]" in done.stdout
    assert "The ledger reconciles" in done.stdout


@pytest.mark.soak
def test_the_pens_stored_doses_reach_the_bundle_from_our_own_capture_format(
    tmp_path: Path,
) -> None:
    capture = parse_capture(PHD_FILE.read_text(), "novopen-pmstore")
    file = tmp_path / "pen.jsonl"
    file.write_text(format_capture(capture))
    data = tmp_path / "data"
    done = run_demo("--check", "--data", str(data), "--capture", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    quantities = [one["valueQuantity"] for one in observations(data) if "valueQuantity" in one]
    doses = [quantity["value"] for quantity in quantities if quantity["code"] == "[iU]"]
    assert doses == [Decimal("2.0"), Decimal("3.0")]


@pytest.mark.soak
def test_a_recording_without_a_reading_is_said_to_have_none(tmp_path: Path) -> None:
    whole = parse_capture(PHD_FILE.read_text(), "antidote-bloodpressure")
    file = tmp_path / "hello.jsonl"
    file.write_text(format_capture(Capture("hello", whole.messages[:4])))
    done = run_demo("--check", "--data", str(tmp_path / "data"), "--capture", str(file))
    assert done.returncode == 2
    assert "hello holds no reading" in done.stderr


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("#nosuch", "it holds: antidote-bloodpressure, novopen-pmstore"),
        ("", "name one of: antidote-bloodpressure, novopen-pmstore"),
    ],
)
def test_an_unknown_session_names_those_there_are(named: str, sentence: str) -> None:
    done = run_demo("--check", "--capture", f"{PHD_FILE}{named}")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
