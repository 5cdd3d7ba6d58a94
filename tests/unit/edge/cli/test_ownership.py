"""What an operator types as root leaves the service every file it needs."""

from __future__ import annotations

import ctypes
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import FILE_NAME, open_store
from edge.cli import buffer as buffer_command
from edge.cli.ownership import Owner, act_as_owner, owner_to_become
from tests.fixtures.gateway import BASE
from tests.unit.edge.enrolment.test_joining import answering
from tests.unit.edge.making import NOON, spo2

NOBODY_ELSE = os.geteuid() or 12_345
"""A user without a name where these tests run as root, else whoever runs them."""


PROGRAM = Path(buffer_command.__file__).parents[1]
_PR_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 1 << 2


def can_reach(path: Path) -> bool:
    """Whether that user could read this checkout: root may keep it where nobody else can."""
    return os.geteuid() != 0 or all(one.stat().st_mode & 0o005 == 0o005 for one in path.parents)


def keep_reading() -> None:
    """Let this process still read what root can once it is another user; it writes as that one."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "root may not keep its capabilities here")


@pytest.fixture
def box() -> Iterator[Path]:
    """A folder that every user can reach, with a data folder of the service's user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        os.chown(data, NOBODY_ELSE, -1)
        (folder / "edge.toml").write_text(BASE.format(data=data), encoding="utf-8")
        yield folder


def run(
    *words: str, given: str = "", user: int | None = None, is_within_reach: bool = False
) -> tuple[int, str]:
    """The command in a process of its own: its exit code, and what it said.

    `is_within_reach`: as if the program were where the data folder's owner can read it.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.dup2(writer, 1)
            sys.stdin, sys.stdout = io.StringIO(given), os.fdopen(1, "w")
            sys.stderr = sys.stdout
            if is_within_reach and not can_reach(PROGRAM):
                keep_reading()
            if user is not None and os.geteuid() == 0:
                os.setuid(user)
            code = main(words)
            sys.stdout.flush()
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as told:
        said = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def owners(data: Path) -> set[int]:
    found = {path.lstat().st_uid for path in data.rglob("*")}
    assert found, "nothing was written"
    return found


def test_a_pin_set_by_root_can_be_read_by_the_service(box: Path) -> None:
    words = ("crew-pin", "--config", str(box / "edge.toml"))
    assert run(*words, given="4711\n", is_within_reach=True) == (0, "PIN set\n")
    assert owners(box / "data") == {NOBODY_ELSE}


def test_a_program_that_the_owner_cannot_read_is_named(box: Path) -> None:
    code, said = run("crew-pin", "--config", str(box / "edge.toml"), given="4711\n")
    if can_reach(PROGRAM):
        assert code == 0, said
    else:
        assert (code, f"{PROGRAM} cannot be read" in said) == (2, True), said
        assert not list((box / "data").iterdir())


def test_an_identity_joined_by_root_can_be_read_by_the_service(box: Path) -> None:
    with answering(201, None) as cloud:
        words = ("enrol", "CODE", "--cloud", cloud, "--data", str(box / "data"))
        code, said = run(*words, is_within_reach=True)
    assert code == 0, said
    assert owners(box / "data") == {NOBODY_ELSE}


def test_a_buffer_mended_by_root_can_be_written_by_the_service(box: Path) -> None:
    data = box / "data"
    store = open_store(data, policy=BufferPolicy(), vehicle_id="v", now=NOON).store
    with store.transaction():
        store.append(pack_rows([spo2(1)], captured_at=NOON))
    store.close()
    broken = data / FILE_NAME
    broken.write_bytes(broken.read_bytes()[:4096] + b"\x00" * 4096)
    for path in data.iterdir():
        os.chown(path, NOBODY_ELSE, -1)
    code, said = run("buffer", "repair", "--config", str(box / "edge.toml"), is_within_reach=True)
    assert (code, "set aside" in said) == (0, True), said
    assert owners(data) == {NOBODY_ELSE}


def test_a_folder_of_somebody_else_is_told_without_a_traceback(box: Path) -> None:
    data, locked = box / "data", box / "locked"
    open_store(data, policy=BufferPolicy(), vehicle_id="v", now=NOON).store.close()
    locked.mkdir(mode=0o000)
    for path in (locked, *data.iterdir()):
        os.chown(path, NOBODY_ELSE, -1)
    rows = str(locked / "rows.jsonl")
    code, said = run("buffer", "export", "--data", str(data), "--to", rows, user=NOBODY_ELSE)
    assert (code, said.startswith(f"vitalwire-edge: {rows} may not be used")) == (2, True), said


def test_an_authority_that_the_owner_cannot_read_is_named(box: Path) -> None:
    secret = box / "authority.pem"
    secret.touch(mode=0o000)
    code, said = run(
        *("enrol", "CODE", "--cloud", "https://127.0.0.1:1", "--data", str(box / "data")),
        *("--ca-file", str(secret)),
    )
    assert (code, str(secret) in said, "Put" in said or "Name" in said) == (2, True, True), said


def test_root_becomes_the_owner_of_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    mine = tmp_path.stat()
    assert owner_to_become(tmp_path, acting=0) == (
        None if mine.st_uid == 0 else Owner(mine.st_uid, mine.st_gid, tmp_path.owner())
    )
    assert owner_to_become(tmp_path, acting=12_345) is None, "only root can"
    assert owner_to_become(tmp_path / "none", acting=0) is None, "a first start makes it"
    os.chown(tmp_path, NOBODY_ELSE, -1)
    assert owner_to_become(tmp_path, acting=0) is not None
    os.chown(tmp_path, mine.st_uid, -1)
    act_as_owner(tmp_path, reads="/none")
    assert os.geteuid() == mine.st_uid, "it is the owner already"
