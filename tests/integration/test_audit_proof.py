"""The audit's proof against whoever can write to the database and does not hold the master key."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cloud.__main__ import main
from cloud.app.seen_heads import FILE, head_in
from cloud.core.kernel import audit
from cloud.core.kernel.audit import INSTALLATION
from cloud.core.kernel.errors import ConflictError
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import Database
from cloud.db.engine import open_engine
from cloud.migrations.runner import migrate
from tests.fixtures.cloud import Installation
from tests.fixtures.spoilt_audit import unguard

Verify = Callable[..., tuple[int, str, str]]
KEEP = 2
EMPTYING = ("DELETE FROM audit_entries", "DELETE FROM audit_heads")


@pytest.fixture
def verify(embedded: Installation, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Runs `audit verify` over the installation: exit code, output, errors."""

    def run(*words: str, act: str = "verify") -> tuple[int, str, str]:
        code = main(["audit", "--data", str(embedded.parts.settings.data), act, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@contextmanager
def intruder(cloud: Installation) -> Iterator[Connection]:
    """Somebody with every right over the database."""
    with cloud.database.engine.begin() as connection:
        unguard(connection)
        yield connection


def note(cloud: Installation, tenant_id: str, count: int = 1) -> None:
    """Something happens in a tenant."""
    with cloud.database.begin(now=cloud.clock()) as work:
        for number in range(count):
            audit.record(work, service_principal(tenant_id, "x"), "seen", "thing", f"{number}")


def set_back(connection: Connection, tenant_id: str) -> None:
    """Cut a chain behind its second entry and let its head say so."""
    values = {"tenant": tenant_id, "at": KEEP}
    connection.execute(
        text("DELETE FROM audit_entries WHERE tenant_id = :tenant AND position > :at"), values
    )
    connection.execute(
        text(
            "UPDATE audit_heads SET position = :at, hash = (SELECT hash FROM audit_entries"
            " WHERE tenant_id = :tenant AND position = :at) WHERE tenant_id = :tenant"
        ),
        values,
    )


def empty(connection: Connection, tenant_id: str) -> None:
    """Take a chain away whole."""
    for statement in EMPTYING:
        connection.execute(text(f"{statement} WHERE tenant_id = :t"), {"t": tenant_id})


def test_the_database_itself_refuses_to_change_or_remove_entries(cloud: Installation) -> None:
    statements = [
        "UPDATE audit_entries SET outcome = 'denied'",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_heads",
    ]
    if cloud.database.engine.dialect.name == "postgresql":
        statements += ["TRUNCATE audit_entries", "TRUNCATE audit_heads CASCADE"]
    for statement in statements:
        with (
            pytest.raises(DBAPIError, match="append-only"),
            cloud.database.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)


def test_what_is_written_during_a_check_is_no_break(cloud: Installation) -> None:
    mine = cloud.mine.tenant_id
    with cloud.database.reading(now=cloud.clock()) as work:
        audit.hold_still(work)
        before = audit.verify(work, mine)
        note(cloud, mine)
        assert audit.verify(work, mine) == before
    with cloud.database.reading(now=cloud.clock()) as work:
        assert audit.verify(work, mine).entries == before.entries + 1


@pytest.mark.parametrize("spoil", [set_back, empty])
def test_what_was_cut_stays_broken_whatever_is_written_afterwards(
    embedded: Installation, verify: Verify, spoil: Callable[[Connection, str], None]
) -> None:
    mine, other = embedded.mine.tenant_id, embedded.other.tenant_id
    note(embedded, mine)
    with intruder(embedded) as connection:
        spoil(connection, mine)
    left = KEEP if spoil is set_back else 0
    for more in range(2):
        code, out, _ = verify()
        assert code == 1
        assert f"{mine}: broken at position {left + more + 1}" in out
        assert f"{other}: 4 entries, whole" in out
        note(embedded, mine)


def test_tables_that_were_emptied_are_no_proof(embedded: Installation, verify: Verify) -> None:
    with intruder(embedded) as connection:
        for statement in EMPTYING:
            connection.exec_driver_sql(statement)
    code, out, _ = verify()
    assert code == 1
    for owner in (embedded.mine.tenant_id, embedded.other.tenant_id, INSTALLATION):
        assert f"{owner}: broken at position 1" in out


def test_a_chain_made_anew_has_no_seal(embedded: Installation, verify: Verify) -> None:
    """The hashes anybody can work out; the seal nobody without the key."""
    mine = embedded.mine.tenant_id
    with intruder(embedded) as connection:
        empty(connection, mine)
    stranger = Database(embedded.database.engine, seal_key=b"a key of their own")
    with stranger.begin(now=embedded.clock()) as work:
        audit.begin(work, mine)
        audit.record(work, service_principal(mine, "operator"), "tenant.created", "tenant", mine)
        assert audit.verify(work, mine).broken_at is None
    assert (verify()[0], verify("--tenant", mine)[0]) == (1, 1)


def test_a_chain_set_back_with_its_seal_is_known_by_what_was_seen(
    embedded: Installation, verify: Verify
) -> None:
    mine, path = embedded.mine.tenant_id, embedded.parts.settings.data / FILE
    with embedded.database.engine.connect() as connection:
        statement = text("SELECT position, hash, seal FROM audit_heads WHERE tenant_id = :t")
        position, digest, seal = connection.execute(statement, {"t": mine}).one()
    note(embedded, mine, 3)
    code, out, _ = verify()
    ended = next(line for line in out.splitlines() if line.startswith(mine)).split()[-1]
    assert code == 0
    assert f"{mine}={position + 3}:{ended}\n" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    with intruder(embedded) as connection:
        values = {"t": mine, "at": position, "hash": digest, "seal": seal}
        connection.execute(
            text("DELETE FROM audit_entries WHERE tenant_id = :t AND position > :at"), values
        )
        connection.execute(
            text(
                "UPDATE audit_heads SET position = :at, hash = :hash, seal = :seal"
                " WHERE tenant_id = :t"
            ),
            values,
        )
    assert f"{mine}: broken at position {position + 1}" in verify()[1]
    # A chain that grew again past what was seen leads over another entry.
    embedded.clock.pass_(1)
    note(embedded, mine, 4)
    assert f"{mine}: broken at position {position + 3}" in verify()[1]
    path.unlink()
    assert verify("--expect", f"{mine}={position + 3}:{ended}")[0] == 1
    assert not path.exists() or mine not in path.read_text(encoding="utf-8")
    assert verify("--expect", f"ten_gone=1:{ended}")[0] == 1
    assert verify()[0] == 0


def test_a_file_of_seen_heads_that_is_damaged_proves_nothing(
    embedded: Installation, verify: Verify
) -> None:
    path = embedded.parts.settings.data / FILE
    path.write_text("nonsense\n", encoding="utf-8")
    code, out, error = verify()
    assert (code, out, "is damaged" in error) == (2, "", True)
    with pytest.raises(argparse.ArgumentTypeError):
        head_in("ten_1=1:abc")


def test_a_chain_somebody_looked_into_is_sealed_again_and_says_so(
    embedded: Installation, verify: Verify
) -> None:
    mine, other = embedded.mine.tenant_id, embedded.other.tenant_id
    with intruder(embedded) as connection:
        set_back(connection, mine)
        connection.execute(
            text("UPDATE audit_entries SET outcome = 'denied' WHERE tenant_id = :t"), {"t": other}
        )
    assert verify("--tenant", mine)[0] == 1
    assert verify("--tenant", mine, act="seal")[0] == 0
    code, out, _ = verify("--tenant", mine)
    assert (code, f"{mine}: {KEEP + 1} entries, whole" in out) == (0, True)
    code, _, error = verify("--tenant", other, act="seal")
    assert (code, "chain_broken" in error) == (2, True)
    assert verify("--tenant", "ten_0", act="seal")[0] == 2


@pytest.mark.parametrize("before", ["0001", "0007", "0008"])
def test_chains_from_before_there_were_seals_are_sealed_when_the_schema_comes(
    before: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = open_engine(data=tmp_path, database_url=None)
    migrate(engine, to=before, seal_key=b"a key too early")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO tenants (tenant_id, name, pseudonym_key, created_at)"
                " VALUES ('ten_1', 'One', :key, '2026-11-26 08:00:00')"
            ),
            {"key": b"key"},
        )
    engine.dispose()
    for _ in range(2):
        assert main(["migrate", "--data", str(tmp_path)]) == 0
        assert main(["audit", "--data", str(tmp_path), "verify"]) == 0
    assert "ten_1: 0 entries, whole" in capsys.readouterr().out
    engine = open_engine(data=tmp_path, database_url=None)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_heads SET seal = ''")
    engine.dispose()
    assert main(["audit", "--data", str(tmp_path), "verify"]) == 1


def test_without_a_key_nothing_is_sealed_and_nothing_that_is_broken_can_be(
    cloud: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    mine = cloud.mine.tenant_id
    keyless = Database(cloud.database.engine)
    with keyless.begin(now=cloud.clock()) as work:
        for number in range(2):
            audit.record(work, service_principal(mine, "x"), "seen", "thing", f"{number}")
        assert audit.verify(work, mine).broken_at is not None
    # It is told once, when it is found.
    assert caplog.messages == [f"event=audit_chain_broken tenant={mine} position=4"]
    with cloud.database.begin(now=cloud.clock()) as work:
        assert audit.verify(work, mine).broken_at is not None
        audit.seal_again(work, service_principal(mine, "operator"))
        assert audit.verify(work, mine).broken_at is None
    with intruder(cloud) as connection:
        connection.exec_driver_sql("UPDATE audit_entries SET action = 'other'")
    with (
        pytest.raises(ConflictError),
        cloud.database.begin(now=cloud.clock()) as work,
    ):
        audit.seal_again(work, service_principal(mine, "operator"))
