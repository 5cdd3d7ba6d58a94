"""The conformance runner at a simulated device: real sockets, a process of its own, real files."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.certifying.checks import CHECKS, Verdict
from edge.certifying.findings import Record
from edge.certifying.runner import certify
from edge.certifying.scripts import SCRIPTS, RunPolicy, Scenario
from edge.clock import SYSTEM_CLOCK
from edge.errors import SettingsError
from protocols.ieee20601.apdus import encode_apdu
from protocols.ieee20601.association import offer
from protocols.model.codes import SystemId
from simulators.devices.registry import DEVICES

LEAST_PASSED = 57
REQUEST = encode_apdu(offer(system_id=SystemId(b"DEVICE 1"), config_id=0x4000))
"""What a device asks with."""
POLICY = RunPolicy(patience_seconds=20.0, report_seconds=2.5)


async def certified(
    name: str, scenarios: Sequence[Scenario], policy: RunPolicy, *options: str
) -> Record:
    """A simulated device in a process of its own, through some associations."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def progress(sentence: str) -> None:
        if sentence.startswith("listening on "):
            address.set_result(sentence.removeprefix("listening on ").split(": ")[0])

    running = asyncio.ensure_future(
        certify(
            "listen:127.0.0.1:0",
            policy=policy,
            clock=SYSTEM_CLOCK,
            progress=progress,
            scenarios=scenarios,
        )
    )
    device = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "device", name, "--connect", await address),
        *options,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        return await running
    finally:
        device.terminate()
        await device.wait()


async def test_a_simulated_device_goes_through_a_whole_association_and_a_wrong_message() -> None:
    record = await certified("oximeter", (SCRIPTS[0], SCRIPTS[4]), POLICY)
    verdicts = {finding.check.id: finding.verdict for finding in record.findings()}
    for check_id in ("ASSOC-11", "CONF-9", "MDS-8", "OPER-4", "REP-1", "REP-8", "REL-1", "WRONG-1"):
        assert verdicts[check_id] is Verdict.PASS, check_id
    assert verdicts["STORE-1"] is Verdict.NOT_TRIED


@pytest.mark.parametrize("framing", ["raw", "hdlc"])
async def test_a_device_on_a_serial_line_is_examined_as_it_frames(
    tmp_path: Path, framing: str
) -> None:
    port = tmp_path / "port"
    device = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "device", "oximeter", "--pty", str(port)),
        *("--framing", framing),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert device.stdout is not None
        await device.stdout.readline()
        record = await certify(
            f"serial:{port},115200,framing={framing}",
            policy=POLICY,
            clock=SYSTEM_CLOCK,
            progress=lambda _: None,
            scenarios=(SCRIPTS[0],),
        )
    finally:
        device.terminate()
        await device.wait()
    verdicts = {finding.check.id: finding.verdict for finding in record.findings()}
    for check_id in ("LINE-1", "CONF-9", "MDS-8", "OPER-4", "REP-1", "REP-8", "REL-1"):
        assert verdicts[check_id] is Verdict.PASS, check_id


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_tells_the_device_and_writes_what_it_found(
    tmp_path: Path, number: signal.Signals
) -> None:
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "certify", "listen:127.0.0.1:0", "--out", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert run.stderr is not None
    address = (await run.stderr.readline()).decode().removeprefix("listening on ").split(": ")[0]
    reader, writer = await asyncio.open_connection(*address.removeprefix("tcp:").rsplit(":", 1))
    writer.write(REQUEST)
    assert (await reader.readexactly(4))[:2] == b"\xe3\x00"
    run.send_signal(number)
    told = await reader.read()
    out, _ = await run.communicate()
    writer.close()
    assert run.returncode == 130
    assert told.endswith(bytes.fromhex("e60000020000"))
    assert "  pass  ASSOC-2 " in out.decode()
    document = json.loads((tmp_path / "report.json").read_text())
    details = {check["id"]: check["detail"] for check in document["checks"]}
    assert details["MDS-1"] == details["WRONG-4"] == "the run was interrupted"
    assert document["interrupted"]
    assert document["messages"][-1]["hex"] == "e60000020000"


def test_nobody_there_is_a_failure_with_files_that_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    options = ["--patience", "0.2", "--out", str(folder)]
    assert main(["certify", "tcp:127.0.0.1:9", *options]) == 1
    told = capsys.readouterr()
    assert "  FAIL  ASSOC-1" in told.out
    assert "1 of 10: a whole association" in told.err
    assert told.err.count("tcp:127.0.0.1:9 cannot be reached (") == 1
    assert "nothing came in time; no line was open" in told.out
    assert "the device did not associate within 0.2 s" in told.out
    assert json.loads((folder / "report.json").read_text())["counts"]["fail"] == 1
    assert "ASSOC-1" in (folder / "report.html").read_text()
    assert (folder / "capture.jsonl").read_text().startswith('{"capture"')


def test_the_list_names_every_check_and_every_association(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["certify", "--list"]) == 0
    told = capsys.readouterr().out
    for check in CHECKS:
        assert f"  {check.id} " in told
    assert "   4  a report without confirm" in told


def test_one_association_alone_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", "tcp:127.0.0.1:9", "--patience", "0.2", "--only", "3"]) == 1
    assert "1 of 1: an abort" in capsys.readouterr().err
    assert main(["certify"]) == 2
    assert "no device is named" in capsys.readouterr().err


@pytest.mark.soak
@pytest.mark.parametrize("name", [kind.name for kind in DEVICES])
async def test_every_simulated_device_passes_over_a_real_socket(name: str) -> None:
    # A drop of blood each 20 s is the slowest of them.
    policy = RunPolicy(patience_seconds=30.0, report_seconds=22.0, set_time=True)
    record = await certified(name, SCRIPTS, policy, "--clock-can-be-set")
    told = {f.check.id: f.detail for f in record.findings() if f.verdict is Verdict.FAIL}
    assert told == {}
    assert record.counts()[Verdict.PASS] >= LEAST_PASSED


@pytest.mark.parametrize(
    ("address", "says"), [("carrier-pigeon:1", "no such kind"), ("listen:nowhere", "HOST:PORT")]
)
async def test_an_address_of_no_form_is_told(address: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        await certify(address, policy=POLICY, clock=SYSTEM_CLOCK, progress=lambda _: None)


def test_waiting_no_time_and_a_folder_that_is_a_file_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certify", "tcp:127.0.0.1:9", "--patience", "0"]) == 2
    assert main(["certify", f"replay:{tmp_path / 'nothing.jsonl'}"]) == 2
    (tmp_path / "file").write_text("")
    assert main(["certify", "tcp:127.0.0.1:9", "--out", str(tmp_path / "file" / "x")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4
