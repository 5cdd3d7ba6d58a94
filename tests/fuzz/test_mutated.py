"""A hundred thousand mutations by default, ten million in the long run: values or DecodeError."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import campaign
from tests.fuzz.targets import targets

DEFAULT_COUNT = 100_000
PARTS = 8
HERE = Path(__file__).parent
GUIDED = ("apdu", "manager", "agent", "stream", "decode", "hdlc", "uplink", "monitor intellivue")
GUIDED_RUNS = 100_000
LONG_COUNT = 10_000_000


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_octets_give_values_or_decode_errors(part: int) -> None:
    """Never another exception, never slow, in step again within two APDUs."""
    assert campaign.run(DEFAULT_COUNT // PARTS, seed=part) == DEFAULT_COUNT // PARTS


def test_mutated_octets_leave_nothing_behind() -> None:
    assert campaign.kept_octets(2_000, seed=99) < campaign.MOST_OCTETS_KEPT


def test_every_target_takes_its_own_seeds() -> None:
    for target in targets():
        for seed in target.seeds:
            target.run(seed)


@pytest.mark.fuzz
async def test_ten_million_mutations() -> None:
    """One process a core, seeds of its own for each."""
    workers = os.cpu_count() or 1
    share, rest = divmod(LONG_COUNT, workers)

    async def work(number: int) -> tuple[int | None, bytes]:
        count = share + (rest if number == 0 else 0)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.fuzz.campaign",
            str(count),
            str(1_000 + number),
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        return process.returncode, errors

    for code, errors in await asyncio.gather(*map(work, range(workers))):
        assert code == 0, errors.decode()[-2000:]


@pytest.fixture(scope="module")
def with_atheris(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose Python finds the fuzzer, installed by its hash."""
    folder = tmp_path_factory.mktemp("atheris")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    wanted = ["--target", str(folder), "--require-hashes", "-r"]
    subprocess.run([*pip, *wanted, str(HERE / "atheris-requirements.txt")], check=True)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.fuzz
@pytest.mark.parametrize("name", GUIDED)
def test_what_coverage_leads_to_raises_nothing_else(
    name: str, with_atheris: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(GUIDED_RUNS)]
    done = subprocess.run(command, env=with_atheris, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {GUIDED_RUNS}" in done.stderr
