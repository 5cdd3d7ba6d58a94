"""The rule on tenants sees what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.tenant_rules import is_guarded, looks_everywhere

NAME = "cloud/core/rooms/service.py"


@pytest.mark.parametrize(
    "line",
    [
        "rows = work.session.scalars(select(Row).where(Row.row_id == wanted))",
        "for row in work.session.scalars(select(Row)): use(row)",
        "if work.session.get(Row, wanted) is None: raise ValueError",
        "return update(Row).values(state=1)",
        "work.session.execute(delete(Row).where(Row.row_id == wanted))",
    ],
)
def test_a_query_without_a_tenant_is_found(line: str, tmp_path: Path) -> None:
    path = tmp_path / "service.py"
    path.write_text(f"def find(work):\n    {line}\n", encoding="utf-8")
    assert list(looks_everywhere(path, NAME)) == [(f"{NAME}:find", 2)]


@pytest.mark.parametrize(
    "lines",
    [
        "rows = select(Row).where(Row.tenant_id == owner)",
        "rows = scoped(principal, Row).where(Row.row_id == wanted)",
        "# every tenant: the worker serves all.\n    rows = select(Row)",
        "row = work.session.get(Row, wanted)\n    if row.tenant_id != owner:\n        return None",
    ],
)
def test_a_query_that_names_the_tenant_or_its_reason_passes(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "service.py"
    path.write_text(f"def find(work):\n    {lines}\n", encoding="utf-8")
    assert list(looks_everywhere(path, NAME)) == []


def test_a_room_that_is_made_later_is_guarded_too() -> None:
    assert is_guarded("cloud/core/telephony/service.py")
    assert is_guarded("cloud/worker/jobs.py")
    assert not is_guarded("cloud/core/kernel/audit.py")
    assert not is_guarded("edge/buffer/store.py")
