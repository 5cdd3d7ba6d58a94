"""The conformance runner at a simulated device: real sockets, a process of its own, real files."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.certifying.checks import Verdict
from edge.certifying.runner import certify
from edge.certifying.scripts import SCRIPTS, RunPolicy
from edge.clock import SYSTEM_CLOCK
from edge.errors import SettingsError

POLICY = RunPolicy(patience_seconds=20.0, report_seconds=2.5)


async def test_a_simulated_device_goes_through_a_whole_association_and_a_wrong_message() -> None:
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def progress(sentence: str) -> None:
        if sentence.startswith("listening on "):
            address.set_result(sentence.removeprefix("listening on ").split(": ")[0])

    running = asyncio.ensure_future(
        certify(
            "listen:127.0.0.1:0",
            policy=POLICY,
            clock=SYSTEM_CLOCK,
            progress=progress,
            scenarios=(SCRIPTS[0], SCRIPTS[4]),
        )
    )
    device = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "device", "oximeter", "--connect", await address),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        record = await running
    finally:
        device.terminate()
        await device.wait()
    verdicts = {finding.check.id: finding.verdict for finding in record.findings()}
    for check_id in ("ASSOC-11", "CONF-9", "MDS-8", "OPER-4", "REP-1", "REP-8", "REL-1", "WRONG-1"):
        assert verdicts[check_id] is Verdict.PASS, check_id
    assert verdicts["STORE-1"] is Verdict.NOT_TRIED


def test_nobody_there_is_a_failure_with_files_that_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    options = ["--patience", "0.2", "--out", str(folder)]
    assert main(["certify", "tcp:127.0.0.1:9", *options]) == 1
    told = capsys.readouterr()
    assert "  FAIL  ASSOC-1" in told.out
    assert "1 of 10: a whole association" in told.err
    assert json.loads((folder / "report.json").read_text())["counts"]["fail"] == 1
    assert "ASSOC-1" in (folder / "report.html").read_text()
    assert (folder / "capture.jsonl").read_text().startswith('{"capture"')


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
    (tmp_path / "file").write_text("")
    assert main(["certify", "tcp:127.0.0.1:9", "--out", str(tmp_path / "file" / "x")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
