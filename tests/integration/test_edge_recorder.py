"""The flight recorder of a real gateway: every reading leads to its octets, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import pytest

from edge.__main__ import main
from edge.decoding.again import compare, decode_again
from edge.drivers.policy import DriverPolicy
from edge.recorder.records import Kind, Record
from edge.recorder.references import OctetRange
from edge.recorder.ring import Ring
from edge.recorder.segments import FOLDER
from protocols.captures import AGENT_TO_MANAGER, MANAGER_TO_AGENT, parse_captures
from protocols.model.observation import NumericObservation, Observation
from protocols.uplink.codec import decode_row
from tests.fixtures.gateway import Gateway, status_json
from tests.fixtures.kept_rows import rows_kept
from tests.fixtures.oximeter import Oximeter, connect
from tests.waiting import wait_until

AARQ, RLRE = b"\xe2", b"\xe5"


class Runner(Protocol):
    """Gives what `vitalwire-edge` prints."""

    def __call__(self, *arguments: str) -> str: ...


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    def runs(*arguments: str) -> str:
        code = main(arguments)
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return runs


def rows(data: Path) -> list[tuple[NumericObservation, str]]:
    """The readings the buffer holds, each with its place in the recorder."""
    found = [(decode_row(row.body).content, str(held.octets)) for held, row in rows_kept(data)]
    return [(item, octets) for item, octets in found if isinstance(item, NumericObservation)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a gateway that an oximeter reported to five times, in two calls."""
    gateway = Gateway.start(tmp_path_factory.mktemp("recorder"))
    for numbers in ((1, 2, 3), (4, 5)):
        line = connect(gateway.agents)
        oximeter = Oximeter(line)
        oximeter.associate()
        for number in numbers:
            oximeter.send_confirmed(number)
        oximeter.release()
        line.close()
    assert gateway.stop() == 0
    return gateway.data


def test_every_reading_leads_to_octets_that_say_the_same(
    data: Path, run: Runner, tmp_path: Path
) -> None:
    held = rows(data)
    assert len(held) == 10
    for number, (reading, place) in enumerate(held):
        octets = run("recorder", "octets", "--data", str(data), place)
        assert octets.startswith("e700")
        assert len(bytes.fromhex(octets)) == OctetRange.parse(place).length
        capture = tmp_path / f"{number}.jsonl"
        run("recorder", "export", "--data", str(data), "--octets", place, "--out", str(capture))
        told = run("decode", str(capture))
        report = told[told.rindex("RoivConfirmedEventReport") :]
        assert f"type: {reading.type}" in report
        assert f"MDC_ATTR_NU_VAL_OBS_BASIC: {reading.value.value}\n" in report
        assert reading.observed_at.device_time is not None
        assert f"MDC_ATTR_TIME_STAMP_ABS: {reading.observed_at.device_time.value}" in report


def test_the_octets_decoded_again_are_the_very_same_observations(data: Path) -> None:
    ring = Ring(data / FOLDER)
    again: dict[str, list[Observation]] = {}
    for recording in ring.recordings():
        for place, observation in decode_again(ring, recording, DriverPolicy()):
            again.setdefault(str(place), []).append(observation)
    assert [again[place].pop(0) for _, place in rows(data)] == [item for item, _ in rows(data)]


def test_a_program_that_decodes_as_before_would_change_nothing(data: Path, run: Runner) -> None:
    said = run("recorder", "decode", "--data", str(data), "--again")
    assert said == "10 readings as they were, 0 would differ\n"


def test_what_another_program_made_of_it_is_told(data: Path) -> None:
    """A recording whose note says 99 % where its octets say 91: as if the decoder were mended."""
    ring = Ring(data / FOLDER)
    first, second = ring.recordings()
    comparison = compare(Mended(data / FOLDER), first, DriverPolicy())
    (difference,) = comparison.differences
    assert difference.then is not None
    assert difference.now is not None
    assert (difference.then.says, difference.now.says) == ("150456 99", "150456 91")
    assert comparison.same == 5
    assert compare(Mended(data / FOLDER), second, DriverPolicy()).same == 4


class Mended(Ring):
    """A ring whose readings of 91 % were once taken for 99."""

    def _records(self, among=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as the ring's own
        for name, record in super()._records(among):
            if record.kind is Kind.DECODED:
                payload = record.payload.replace(b"150456 91", b"150456 99")
                changed = payload != record.payload
                if changed:
                    facts = json.loads(payload)
                    facts["made"] = [
                        [key, "00" if "99" in says else digest, says]
                        for key, digest, says in facts["made"]
                    ]
                    payload = json.dumps(facts).encode()
                yield name, Record(record.kind, record.recording, 0, record.offset, payload=payload)
            else:
                yield name, record


def test_recordings_are_listed_and_exported_by_device_and_time(
    data: Path, run: Runner, tmp_path: Path
) -> None:
    listed = run("recorder", "list", "--data", str(data))
    assert listed.count("ended") == 2
    assert "6 readings" in listed
    target = tmp_path / "one.jsonl"
    system_id = "0A0B0C0D0E0F0001"
    said = run(
        *("recorder", "export", "--data", str(data), "--device", system_id, "--out", str(target))
    )
    assert said.startswith("2 recordings")
    assert target.stat().st_mode & 0o777 == 0o600
    captures = parse_captures(target.read_text(encoding="utf-8"))
    for capture in captures.values():
        # How many reads the agent's octets came in is the network's to say.
        assert capture.sent_by(AGENT_TO_MANAGER)[0].octets[:1] == AARQ
        assert capture.sent_by(MANAGER_TO_AGENT)[-1].octets[:1] == RLRE
    later = run("recorder", "export", "--data", str(data), "--from", "2020-01-01T00:00")
    assert later.count('"capture"') == 2
    for wrong in (("--device", "nobody"), ("--to", "2020-01-01"), ("--from", "2120-01-01")):
        assert main(["recorder", "list", "--data", str(data), *wrong]) == 2


def test_a_gateway_killed_in_the_middle_leaves_what_it_wrote(tmp_path: Path) -> None:
    gateway = Gateway.start(tmp_path)
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    for number in range(5):
        oximeter.send_confirmed(number)
    ring = Ring(gateway.data / FOLDER)
    wait_until(
        lambda: (
            any(ring.folder.glob("*.rec")) and any(item.decoded == 10 for item in ring.recordings())
        ),
        timeout=20,
        what="the recorder to have written",
    )
    gateway.kill()
    line.close()
    again = Gateway.start(tmp_path)
    second = connect(again.agents)
    oximeter = Oximeter(second)
    oximeter.associate()
    oximeter.send_confirmed(9)
    assert again.stop() == 0
    second.close()
    first, after = ring.recordings()
    assert (first.decoded, first.ended, after.decoded) == (10, False, 2)
    assert first.name != after.name
    assert status_json(again.data)["recorder"]["lost_octets"] == 0
    assert len({place for _, place in rows(again.data)}) == 6
