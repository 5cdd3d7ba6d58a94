"""The demo's smaller parts: plan, settings file, narration, capture names."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from edge.settings import load_settings
from protocols.captures import AGENT_TO_MANAGER, Capture, CapturedMessage, format_capture
from simulators.__main__ import main
from simulators.errors import DeviceSettingsError, ProcessError
from simulators.incident import demo_command, gateway
from simulators.incident.capture_demo import compare, find_recording, reading_lines
from simulators.incident.cloud_client import CloudClient, Credentials
from simulators.incident.incident import Incident
from simulators.incident.ledger import BundledReading, StoredReading
from simulators.incident.narration import Narrator, monitor_text
from simulators.incident.plan import Plan
from simulators.incident.progress import Progress
from simulators.incident.tenant import Tenant
from simulators.patient.vital_signs import Patient
from tests.fixtures.scenarios import ARREST

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo_command.add_arguments(parser)
    return parser.parse_args(words)


def test_a_check_is_short_and_on_free_ports() -> None:
    plan = demo_command.plan_of(options("--check"))
    assert plan.seconds == 20
    assert (plan.ports.cloud, plan.ports.mqtt, plan.ports.agents) == (0, 0, 0)


def test_every_run_has_a_folder_and_serial_numbers_of_its_own() -> None:
    first, second = (demo_command.plan_of(options("--check")) for _ in range(2))
    assert first.data != second.data
    assert first.run != second.run
    assert first.data.parent.name == "demo-data"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--check", "--patient-seconds", "3"), "--patient-seconds 3"),
        (("--check", "--cloud-port", "70000"), "--cloud-port 70000 is no port"),
        (("--check", "--database-url", "mysql://x"), r"postgresql\+psycopg://"),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(DeviceSettingsError, match=sentence):
        demo_command.plan_of(options(*words))


def test_five_cuff_readings_in_a_short_story_and_one_each_quarter_minute_in_a_long_one() -> None:
    assert Plan(Path(), seconds=20).pressure_seconds == 4
    assert Plan(Path(), seconds=75).pressure_seconds == 15
    assert Plan(Path(), seconds=600).pressure_seconds == 15


def test_the_gateways_settings_file_is_private_and_the_gateway_understands_it(
    tmp_path: Path,
) -> None:
    tenant = Tenant("ten_1", Credentials("app_1", "x"), "gw_1", 'a "quoted" \\ secret')
    path = tmp_path / "edge.toml"
    gateway.write_settings(
        path,
        tenant,
        data=tmp_path / "edge",
        agents_port=6025,
        mqtt_url="mqtt://127.0.0.1:1884",
        http_url="http://127.0.0.1:8001",
        lines=[gateway.Line("defibrillator", "serial:/dev/null,115200")],
    )
    settings = load_settings(path)
    assert path.stat().st_mode & 0o077 == 0
    assert settings.read_secret() == 'a "quoted" \\ secret'
    assert settings.listen == "tcp:127.0.0.1:6025"
    assert [device.name for device in settings.devices] == ["defibrillator"]
    assert "secret" not in repr(tenant)


@pytest.mark.parametrize(
    ("waiting", "in_flight", "drained"),
    [({"numerics": 0, "waveforms": 0}, 0, True), ({"numerics": 1}, 0, False), ({}, 2, False)],
)
def test_a_gateway_is_drained_when_nothing_waits(
    waiting: dict[str, int], in_flight: int, drained: bool
) -> None:
    told = {"buffer": {"waiting": waiting, "in_flight": in_flight}}
    assert gateway.is_drained(told) is drained


def test_the_narrator_tells_events_once_and_the_clouds_numbers() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        reading = {
            "kind": "numeric",
            "mdc_code": "MDC_ECG_HEART_RATE",
            "value": 76,
            "unit_code": "/min",
        }
        return httpx.Response(200, json={"observations": [reading]})

    said: list[str] = []
    patient = Patient(seed=1, scenario=ARREST, seconds=20)
    transport = httpx.MockTransport(answer)
    with CloudClient("http://cloud", Credentials("a", "b"), transport=transport) as client:
        narrator = Narrator(patient, client, ["dev_1"], said.append)
        for t in (0.5, 4.1, 4.2):
            narrator.tell(NOW, t)
    assert sum("ventricular fibrillation" in line for line in said) == 1
    assert sum("HR 76 /min   SpO2 --" in line for line in said) == 1


def test_a_device_the_cloud_hears_while_it_is_enrolled_is_enrolled_again(tmp_path: Path) -> None:
    refusals = [httpx.Response(409, json={"error": "enrolment_conflict", "message": "Try again."})]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return refusals.pop() if refusals else httpx.Response(201, json={"id": "dev_1"})

    incident = Incident(Plan(tmp_path / "data"))
    transport = httpx.MockTransport(answer)
    with CloudClient("http://cloud", Credentials("a", "b"), transport=transport) as client:
        incident.client = client
        incident.enrol_devices()
    assert len(incident.device_ids) == 4


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (None, "--"),
        ({"kind": "numeric", "special": "NaN"}, "--"),
        ({"kind": "numeric", "value": 97, "unit_code": "%"}, "97 %"),
        (
            {
                "kind": "compound",
                "components": [
                    {"value": 120, "unit_code": "mm[Hg]"},
                    {"value": 80, "unit_code": "mm[Hg]"},
                    {"special": "NaN", "unit_code": "mm[Hg]"},
                ],
            },
            "120/80 (--) mm[Hg]",
        ),
    ],
)
def test_a_monitor_shows_dashes_where_there_is_no_number(
    item: dict[str, Any] | None, text: str
) -> None:
    assert monitor_text(item) == text


def capture_file(folder: Path, *names: str) -> Path:
    path = folder / "captures.jsonl"
    message = CapturedMessage(AGENT_TO_MANAGER, None, b"\xe6\x00\x00\x02\x00\x00")
    path.write_text("".join(format_capture(Capture(name, (message,))) for name in names))
    return path


def test_a_file_with_one_capture_needs_no_name(tmp_path: Path) -> None:
    path = capture_file(tmp_path, "medic-7")
    assert find_recording(str(path)).address == f"replay:{path}#medic-7"


def test_of_several_captures_one_must_be_named(tmp_path: Path) -> None:
    path = capture_file(tmp_path, "one", "two")
    assert find_recording(f"{path}#two").capture.id == "two"
    with pytest.raises(DeviceSettingsError, match="one, two"):
        find_recording(str(path))


def test_a_capture_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceSettingsError, match=r"cannot be read: No such file.*CAPTURE=FILE#ID"):
        find_recording(str(tmp_path / "absent.jsonl"))


def test_a_recordings_ledger_compares_values_not_only_counts() -> None:
    stored = StoredReading(UUID(int=1), 150456, "97 %", NOW)
    same = BundledReading(UUID(int=1), 150456, "97 %")
    device = {"stored": 1}
    view: dict[str, Any] = {"devices": [{"id": "dev", "waveforms": 0, "samples": 0}]}
    assert compare(device, view, "dev", [stored], [same], 0).reconciles
    for wrong in ([], [same, same], [BundledReading(UUID(int=1), 150456, "98 %")]):
        assert not compare(device, view, "dev", [stored], wrong, 0).reconciles
    assert not compare({"stored": 2}, view, "dev", [stored], [same], 0).reconciles
    assert not compare({"stored": 0}, view, "dev", [], [], 0).reconciles


def test_readings_are_told_in_words() -> None:
    item = {
        "observed_at": "2026-03-01T12:00:00+00:00",
        "mdc_number": 150456,
        "kind": "numeric",
        "value": 97,
        "unit_code": "%",
    }
    (line,) = reading_lines([item])
    assert line.startswith("2026-03-01 12:00:00 UTC  ")
    assert line.endswith(": 97 %")
    (unknown,) = reading_lines([{**item, "mdc_number": 8532993}])
    assert "8532993" in unknown or "97 %" in unknown


def test_progress_counts_its_steps() -> None:
    out = StringIO()
    progress = Progress(out)
    progress.begin(2)
    progress.step("Starting")
    progress.note("detail")
    progress.step("Ending")
    assert out.getvalue() == "[1/2] Starting ...\n      detail\n[2/2] Ending ...\n"


def test_the_patient_command_prints_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", "--story-seconds", "20"]) == 0
    assert "return of spontaneous circulation" in capsys.readouterr().out


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fly"])
    assert caught.value.code == 2
    assert "demo" in capsys.readouterr().err


def test_a_wrong_device_option_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["device", "oximeter", "--connect", "tcp:nowhere"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("vitalwire-sim: ")
    assert len(told.splitlines()) == 1


def test_a_disk_without_room_is_said_before_anything_starts(tmp_path: Path) -> None:
    demo_command.require_room(tmp_path, octets=1)
    with pytest.raises(
        ProcessError, match=r"only \d+ MB are free at .* Make room for 1099511627776"
    ):
        demo_command.require_room(tmp_path, octets=1 << 60)


def test_only_the_newest_runs_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    names = [f"20261123-04{minute:02d}00-000000" for minute in range(8)]
    for name in [*names, "notes"]:
        (tmp_path / name / "logs").mkdir(parents=True)
    demo_command.forget_old_runs(tmp_path, keep=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[5:], "notes"]
