"""A real PostgreSQL server for tests: its own cluster on a socket of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

BIN = Path("/usr/lib/postgresql")
USER = "postgres"
PROJECT_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("CLOUD_")},
    "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
}
"""The environment of a program of this tree, without settings of ours."""


class PostgresServer:
    """One running cluster; hands out empty databases."""

    def __init__(self, folder: Path, binaries: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self._binaries = binaries
        self._durable = durable

    def new_database(self, *, template: str = "") -> str:
        """The SQLAlchemy URL of a new database, empty or a copy of `template`."""
        name = f"t{uuid4().hex}"
        self._psql(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template1"}"')
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def stop_at_once(self) -> None:
        """Stop as a crash would: no checkpoint, connections cut."""
        _run([self._binaries / "pg_ctl", "-D", self._data, "-m", "immediate", "stop"])

    def start(self) -> None:
        """Start the cluster and wait until it answers; without fsync: no test cuts the power."""
        fsync = "on" if self._durable else "off"
        options = f"-c listen_addresses='' -k {self.folder} -c max_connections=60 -c fsync={fsync}"
        log = self.folder / "log"
        _run([self._binaries / "pg_ctl", "-D", self._data, "-l", log, "-w", "-o", options, "start"])

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _psql(self, statement: str) -> None:
        _run([self._binaries / "psql", "-h", self.folder, "-U", USER, "-q", "-c", statement, USER])


def _run(command: list[Path | str]) -> None:
    """Run one of PostgreSQL's programs, as its own user where we are root: it refuses root."""
    spelled = [str(part) for part in command]
    if os.geteuid() == 0:
        account = pwd.getpwnam(USER)
        subprocess.run(
            spelled,
            check=True,
            capture_output=True,
            user=account.pw_uid,
            group=account.pw_gid,
            cwd="/",
        )
    else:
        subprocess.run(spelled, check=True, capture_output=True)


def newest_binaries() -> Path:
    """Where the newest installed server's programs are."""
    found = sorted(BIN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise AssertionError(
            "no PostgreSQL server under /usr/lib/postgresql: make test installs it"
        )
    return found[-1].parent


@contextlib.contextmanager
def running_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A cluster in a folder short enough for a socket's name; `durable` for measuring it."""
    binaries = newest_binaries()
    folder = Path(tempfile.mkdtemp(prefix="vwpg", dir=os.environ.get("TMPDIR", "/tmp")))  # noqa: S108 - mkdtemp makes it private
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    server = PostgresServer(folder, binaries, durable=durable)
    try:
        _run(
            [
                binaries / "initdb",
                *("-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"),
                *("-D", folder / "data"),
            ]
        )
        server.start()
        yield server
        server.stop_at_once()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
