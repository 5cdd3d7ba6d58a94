"""A recorded exchange of a real device, from its octets to the hospital's bundle.

No simulator and no journal here: what the gateway made of the octets is held against the cloud's
store and the bundle, and every reading is said in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from protocols.captures import Capture, parse_capture
from protocols.errors import DecodeError
from protocols.model.codes import MdcCode
from protocols.nomenclature.lookup import find, find_by_name
from simulators.errors import DeviceSettingsError, ProcessError
from simulators.incident import gateway
from simulators.incident.cloud_client import CloudClient, JsonObject
from simulators.incident.demo import STEPS, bare, board_address, keep_board, write_bundle
from simulators.incident.hospital import read_bundle
from simulators.incident.incident import Incident
from simulators.incident.ledger import BundledReading, StoredReading
from simulators.incident.plan import Plan
from simulators.incident.progress import Progress
from simulators.incident.stored_readings import stored_readings

_PLAY_SECONDS: Final = 120.0
_DEVICE: Final = "recording"


@dataclass(frozen=True, slots=True)
class Recording:
    """A capture and the file it is in."""

    capture: Capture
    path: Path

    @property
    def address(self) -> str:
        """What the gateway's settings call it."""
        return f"replay:{self.path}#{self.capture.id}"


def find_recording(named: str) -> Recording:
    """The capture of `FILE` or `FILE#ID`; DeviceSettingsError says which ids there are."""
    file, _, session = named.partition("#")
    path = Path(file).absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        words = exc.strerror if isinstance(exc, OSError) else "it is not text"
        raise DeviceSettingsError(
            f"the capture {file} cannot be read: {words}. Name a capture file with CAPTURE=FILE#ID."
        ) from exc
    try:
        capture = parse_capture(text, session or None)
    except DecodeError as exc:
        raise DeviceSettingsError(f"{file}: {exc}. Name one with CAPTURE={file}#ID.") from exc
    return Recording(capture, path)


@dataclass(slots=True)
class CaptureLedger:
    """What came of a recording at each place; `differences` in words."""

    made: int
    stored: Sequence[StoredReading]
    bundled: Sequence[BundledReading]
    waveforms: tuple[int, int, int]
    differences: list[str]

    @property
    def reconciles(self) -> bool:
        """Whether every place has the same readings with the same values, and there are some."""
        return not self.differences and self.made > 0


def play_capture(
    plan: Plan,
    recording: Recording,
    progress: Progress,
    *,
    stay: bool,
    with_token: bool = True,
) -> bool:
    """Play the recording; whether its ledger reconciles. `stay`, `with_token` as in the demo."""
    progress.begin(STEPS - 2)
    progress.lines([f"This run's data: {plan.data}"])
    with Incident(plan) as incident:
        progress.step("Starting the cloud")
        cloud = incident.start_cloud()
        progress.note(f"API at {cloud.http}, broker at {cloud.mqtt}")
        progress.step("Starting the gateway, which hears the recording")
        capture = recording.capture
        progress.note(f"{capture.id}: {len(capture.messages)} messages of a real exchange")
        incident.start_edge([gateway.Line(_DEVICE, recording.address)])
        device = _hear(incident)
        progress.note(device_words(device))
        if not device["observations"]:
            raise DeviceSettingsError(
                f"{capture.id} holds no reading: {device['reason'] or 'nothing was reported'}. "
                f"Look at it with: vitalwire-edge decode {recording.path}."
            )
        device_id, stored, items = _stored(incident)
        progress.step("Dispatch opens the encounter")
        since = datetime.fromisoformat(items[0]["observed_at"])
        progress.note(f"encounter {incident.open_encounter(started_at=since)}")
        progress.note(f"as of {since:%Y-%m-%d %H:%M:%S} UTC, so that it holds every reading")
        address = board_address(incident)
        progress.note("The hospital's board:")
        progress.lines([address if with_token else bare(address)])
        progress.step("At the hospital: handing over")
        incident.settle()
        incident.hand_over()
        pages = incident.pull_bundle()
        path = plan.data / "handover-bundle.json"
        write_bundle(path, pages)
        progress.note(f"the hospital pulled the FHIR bundle: {path}")
        progress.step("What the recording says")
        progress.lines(f"      {line}" for line in reading_lines(items))
        progress.step("Drawing up the ledger")
        hospital = read_bundle(page.content for page in pages)
        bundled = [one for readings in hospital.readings.values() for one in readings]
        samples = sum(len(s.samples) for strips in hospital.strips.values() for s in strips)
        ledger = compare(device, incident.encounter(), device_id, stored, bundled, samples)
        progress.lines(ledger_lines(ledger))
        if stay:
            keep_board(incident, progress, address)
    return ledger.reconciles


def _hear(incident: Incident) -> dict[str, Any]:
    """The gateway's own words about the recording once it has ended and all is in the cloud."""
    seen: dict[str, Any] = {}

    def is_over() -> bool:
        told = gateway.status(incident.plan.edge_config)
        devices = {device["name"]: device for device in told.get("devices", [])}
        seen.clear()
        seen.update(devices.get(_DEVICE, {}))
        return seen.get("state") == "ended" and gateway.is_drained(told)

    incident.wait_for(is_over, seconds=_PLAY_SECONDS, what="the recording to end")
    return dict(seen)


def device_words(device: dict[str, Any]) -> str:
    """What the gateway says of the device it heard."""
    return (
        f"{device.get('model') or 'a device that tells no model'}, "
        f"System-Id {device.get('system_id') or 'unknown'}: {device['reports']} reports, "
        f"{device['observations']} observations, {device['confirmed']} reports confirmed, "
        f"{device['warnings']} warnings"
    )


def _stored(incident: Incident) -> tuple[str, Sequence[StoredReading], list[JsonObject]]:
    """The one device the cloud discovered, and its readings."""
    client: CloudClient = incident.client
    devices = client.get("/api/v1/devices")["items"]
    if len(devices) != 1:
        raise ProcessError(f"the cloud heard {len(devices)} devices where one was played.")
    device_id = str(devices[0]["id"])
    path = f"/api/v1/devices/{device_id}/observations"
    return device_id, stored_readings(client, device_id), list(client.pages(path, "observations"))


def reading_lines(items: Sequence[JsonObject]) -> Iterator[str]:
    """Every reading in words."""
    for item in items:
        stamp = f"{item['observed_at'][:19].replace('T', ' ')} UTC"
        yield f"{stamp}  {type_words(item['mdc_number'])}: {value_words(item)}"


def type_words(cf_code: int) -> str:
    """What was measured, in words; a number where nobody has a name for it."""
    term = find(MdcCode.from_cf_code(int(cf_code)))
    return term.display if term else f"code {cf_code} (no name known)"


def value_words(item: JsonObject) -> str:
    """The value with its unit."""
    match item["kind"]:
        case "compound":
            return ", ".join(
                f"{type_name(part['mdc_code'])} {_number_words(part)}"
                for part in item["components"]
            )
        case "coded":
            return type_name(item["value_code"])
        case "bits":
            return f"{item['bits']:#x}"
        case "text":
            return str(item["text"])
    return _number_words(item)


def _number_words(part: JsonObject) -> str:
    if "value" in part:
        return f"{part['value']} {part.get('unit_code', '')}".rstrip()
    return f"no number ({part['special']})"


def type_name(code: str) -> str:
    """A code of the API, by name or number, in words."""
    term = find_by_name(code)
    return term.display if term else type_words(int(code)) if code.isdecimal() else code


def compare(
    device: dict[str, Any],
    encounter: JsonObject,
    device_id: str,
    stored: Sequence[StoredReading],
    bundled: Sequence[BundledReading],
    bundled_samples: int,
) -> CaptureLedger:
    """Gateway against store against bundle, reading by reading."""
    made = int(device["stored"])
    counts = next((one for one in encounter["devices"] if one["id"] == device_id), None)
    waveforms = int(counts["waveforms"]) if counts else 0
    samples = int(counts["samples"]) if counts else 0
    differences = []
    if made != len(stored) + waveforms:
        differences.append(
            f"the gateway buffered {made} observations, the cloud stored {len(stored) + waveforms}."
        )
    if samples != bundled_samples:
        differences.append(
            f"{samples} waveform samples are stored, {bundled_samples} are in the bundle."
        )
    in_bundle = {one.observation_id: one for one in bundled}
    if len(in_bundle) != len(bundled):
        differences.append("a reading is in the bundle twice.")
    for reading in stored:
        other = in_bundle.pop(reading.observation_id, None)
        if other is None:
            differences.append(f"{reading.observation_id} is not in the bundle.")
        elif other.value != reading.value:
            differences.append(f"the store says {reading.value}, the bundle {other.value}.")
    differences += [f"{stranger} is only in the bundle." for stranger in in_bundle]
    return CaptureLedger(made, stored, bundled, (waveforms, samples, bundled_samples), differences)


def ledger_lines(ledger: CaptureLedger) -> Iterator[str]:
    """The ledger of a recording."""
    waveforms, samples, bundled = ledger.waveforms
    yield ""
    yield f"observations the gateway made of the octets   {ledger.made:6,}"
    yield f"stored by the cloud                           {len(ledger.stored) + waveforms:6,}"
    yield f"in the hospital's bundle                      {len(ledger.bundled) + waveforms:6,}"
    if waveforms:
        yield f"   of these waveform stretches {waveforms:,}, samples {samples:,} / {bundled:,}"
    yield ""
    if ledger.reconciles:
        yield "The ledger reconciles: octets -> gateway -> cloud -> bundle, value by value."
    else:
        yield "The ledger does NOT reconcile:"
        yield from (f"  {difference}" for difference in ledger.differences)
