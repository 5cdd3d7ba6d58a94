"""Real neighbours of the cloud: one PostgreSQL cluster a worker, an installation a test.

Tenants are made once and copied, since hashing secrets takes its time on purpose.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from cloud.__main__ import main
from tests.fixtures.administration import Operator
from tests.fixtures.cloud import Installation, Tenant, install, running
from tests.postgres import PostgresServer, running_server


@dataclass(frozen=True, slots=True)
class Template:
    """An installation to copy: its folder and, on PostgreSQL, its database."""

    data: Path
    tenants: tuple[Tenant, Tenant]
    database_name: str = ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where a module is about something else, PostgreSQL has its turn in the long tests."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        on_postgresql = callspec is not None and "postgresql" in callspec.params.values()
        if on_postgresql and item.get_closest_marker("long_on_postgresql"):
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running cluster."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """An installation over the embedded database."""
    data = tmp_path_factory.mktemp("sqlite")
    return Template(data, install(data))


@pytest.fixture(scope="session")
def postgres_template(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Template:
    """An installation over PostgreSQL."""
    data = tmp_path_factory.mktemp("postgresql")
    url = postgres.new_database()
    return Template(data, install(data, url), str(make_url(url).database))


@pytest.fixture(params=["sqlite", "postgresql"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation over each database."""
    if request.param == "sqlite":
        template: Template = request.getfixturevalue("sqlite_template")
        yield from _copy(template, tmp_path, None)
        return
    template = request.getfixturevalue("postgres_template")
    server: PostgresServer = request.getfixturevalue("postgres")
    yield from _copy(template, tmp_path, server.new_database(template=template.database_name))


@pytest.fixture
def embedded(sqlite_template: Template, tmp_path: Path) -> Iterator[Installation]:
    """An installation over the embedded database."""
    yield from _copy(sqlite_template, tmp_path, None)


@pytest.fixture
def operator(embedded: Installation, capsys: pytest.CaptureFixture[str]) -> Operator:
    """The operator at the machine of `embedded`; `apps` and `users` are mine unless told."""

    def run(*words: str, tenant: str | None = None) -> tuple[int, str, str]:
        owner = embedded.mine.tenant_id if tenant is None else tenant
        whose = ["--tenant", owner] if words[0] in ("apps", "users") else []
        code = main([words[0], "--data", str(embedded.parts.settings.data), *words[1:], *whose])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def _copy(template: Template, folder: Path, url: str | None) -> Iterator[Installation]:
    data = folder / "data"
    shutil.copytree(template.data, data)
    with running(data, template.tenants, url) as installation:
        yield installation
