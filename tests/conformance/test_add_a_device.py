"""The how-to "add a device", followed to the letter: its own blocks build a device that works."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from protocols.model.codes import MdcCode
from protocols.nomenclature import private
from protocols.nomenclature.lookup import find
from protocols.nomenclature.term import Term, term
from protocols.specializations.base import Specialization
from protocols.specializations.registry import SPECIALIZATIONS
from simulators.devices.registry import DEVICES, DeviceKind
from simulators.patient.vital_signs import Patient
from simulators.value_texts import value_text
from tests.fixtures.heard_reports import heard
from tests.fixtures.scenarios import ARREST
from tests.fixtures.specialization_exchange import exchange, is_what_was_sent, metrics_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-device.md"
NAME = "two_site_thermometer"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECONDS = 12.0

Loader = Callable[[str], ModuleType]


def blocks() -> list[tuple[str, str]]:
    """Every block of code on the page with the line of text before it."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"([^\n]+)\n\n```python\n(.*?)```", text, flags=re.DOTALL)
    return [(before, textwrap.dedent(code)) for before, code in found]


def block_of(before: str) -> str:
    """The one block whose line before names this."""
    (code,) = [code for line, code in blocks() if before in line]
    return code


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    """Put a file of the page where it says, in a tree of its own, and import it by its name."""

    def load(path: str) -> ModuleType:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block_of(f"`{path}`"), encoding="utf-8")
        name = path.removesuffix(".py").replace("/", ".")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def added(follow: Loader) -> Specialization:
    """What the line for the registry names, after step 1."""
    module = follow(f"protocols/specializations/{NAME}.py")
    line = block_of("`protocols/specializations/registry.py`")
    (found,) = eval(f"({line})", {NAME: module})  # noqa: S307 - our own page
    assert isinstance(found, Specialization)
    return found


def new_rows() -> dict[MdcCode, Term]:
    """What the block for the nomenclature adds, made with that file's own names."""
    names = {**vars(private), "term": term}
    rows = eval(f"({block_of('`protocols/nomenclature/private.py`')})", names)  # noqa: S307 - our own page
    return {row.code: row for row in rows}


def test_the_device_is_none_we_have(added: Specialization) -> None:
    assert added.name not in {item.name for item in SPECIALIZATIONS}
    taken = {one.config_id for item in SPECIALIZATIONS for one in item.configurations}
    assert added.configuration.config_id not in taken


def test_its_terms_have_rows_the_new_one_among_them(added: Specialization) -> None:
    rows = new_rows()
    for item in metrics_of(added.configuration).values():
        assert item.type is not None
        assert find(item.type) or item.type in rows
    for code, row in rows.items():
        assert find(code) is None
        assert row.listed_cf == code.cf_code
        assert "10101 has none" in row.note


def test_what_its_agent_sends_is_what_a_manager_reads(added: Specialization) -> None:
    told = exchange(added, added.configuration)
    assert (told.known, told.configuration_came) == (False, True)
    metrics = metrics_of(added.configuration)
    for reported in (told.fixed, told.variable):
        assert set(reported) == set(metrics)
        assert all(is_what_was_sent(metrics[handle], one) for handle, one in reported.items())


@pytest.mark.usefixtures("added")
def test_its_own_test_passes(follow: Loader) -> None:
    module = follow(f"tests/unit/protocols/specializations/test_{NAME}.py")
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_the_simulated_one_says_on_the_wire_what_it_made(
    follow: Loader, added: Specialization
) -> None:
    module = follow(f"simulators/devices/{NAME}.py")
    line = block_of("`simulators/devices/registry.py`")
    (kind,) = eval(f"({line})", {NAME: module, "DeviceKind": DeviceKind})  # noqa: S307 - our own page
    assert isinstance(kind, DeviceKind)
    assert kind.name not in {one.name for one in DEVICES}
    assert kind.identity.clock.ahead not in {one.identity.clock.ahead for one in DEVICES}
    device = kind.make(kind.identity, Patient(seed=3, scenario=ARREST, seconds=SECONDS))
    assert device.configuration == added.configuration
    reports = list(itertools.takewhile(lambda one: one.due <= SECONDS, device.reports(START)))
    assert len(reports) == 3
    for report in reports:
        made = [reading.observation for reading in report.readings]
        told = heard(device, report, start=START, seconds=SECONDS)
        assert [(one.observation_id, value_text(one)) for one in told] == [
            (one.observation_id, value_text(one)) for one in made
        ]
