"""Write docs/reference from the tables the code runs on, so that the pages cannot drift.

`python docs/generate.py` writes; a test compares `pages()` with what is in the tree.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cloud.api.registry import SURFACES
from cloud.settings import CloudSettings
from edge.settings import EdgeSettings
from edge.transports.registry import SCHEMES
from protocols.ieee20601.agent_table import ROWS as AGENT_ROWS
from protocols.ieee20601.manager_table import ROWS as MANAGER_ROWS
from protocols.ieee20601.states import table_as_markdown
from protocols.nomenclature.lookup import TERMS, UNITS, loincs
from protocols.specializations.registry import SPECIALIZATIONS
from simulators.devices.registry import DEVICES

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTE = "Written by `make docs` from the code; do not edit.\n"
COMMANDS = {
    "edge": ("", "run", "status", "decode"),
    "cloud": ("", "serve", "ingest", "worker", "broker", "migrate", "bootstrap"),
    "simulators": ("", "device", "patient", "demo"),
}
PROGRAMS = {"edge": "vitalwire-edge", "cloud": "vitalwire-cloud", "simulators": "vitalwire-sim"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def state_tables() -> str:
    """Both roles' tables."""
    manager = table_as_markdown("Manager", MANAGER_ROWS).replace("# ", "## ", 1)
    agent = table_as_markdown("Agent", AGENT_ROWS).replace("# ", "## ", 1)
    return f"# State tables\n\n{NOTE}\n{manager}\n{agent}"


def nomenclature() -> str:
    """Every term and unit with a row."""
    terms = (
        (
            str(term.code.cf_code),
            str(term.code),
            term.reference_id or "(own)",
            term.display,
            " ".join(term.units),
            " ".join(loincs(term.code)),
            "; ".join(text for text in (term.nemsis, term.note) if text),
        )
        for term in sorted(TERMS, key=lambda term: term.code)
    )
    units = (
        (str(unit.code.cf_code), unit.reference_id, unit.ucum, unit.display) for unit in UNITS
    )
    head = ("code", "part:term", "reference id", "name", "UCUM", "LOINC", "note")
    return (
        f"# Nomenclature\n\n{NOTE}\n## Terms\n\n{table(head, terms)}\n## Units\n\n"
        f"{table(('code', 'reference id', 'UCUM', 'name'), units)}"
    )


def registries() -> str:
    """What can be added by one file and one line."""
    specializations = (
        (
            item.standard,
            item.name,
            str(item.profile.cf_code),
            " ".join(f"0x{c.config_id:04X}" for c in item.standard_configurations) or "-",
            f"0x{item.configuration.config_id:04X}",
        )
        for item in SPECIALIZATIONS
    )
    head = ("standard", "device", "profile", "standard configurations", "agent offers")
    devices = ((kind.name, str(kind.identity.system_id)) for kind in DEVICES)
    return (
        f"# Registries\n\n{NOTE}\n## Specializations\n\n{table(head, specializations)}\n"
        f"## Transports of the gateway\n\n"
        f"{table(('scheme', 'form'), ((s.name, f'`{s.form}`') for s in SCHEMES))}\n"
        f"## Simulated devices\n\n{table(('name', 'System-Id'), devices)}\n"
        f"## Surfaces of the cloud\n\n{table(('surface',), ((s.name,) for s in SURFACES))}"
    )


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _fields(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def settings() -> str:
    """Every key of both programs."""
    parts = [f"# Settings\n\n{NOTE}"]
    for program, model, prefix in (
        ("vitalwire-edge", EdgeSettings, "EDGE_"),
        ("vitalwire-cloud", CloudSettings, "CLOUD_"),
    ):
        rows = []
        for name, field in _fields(model):
            default = "(required)" if field.is_required() else str(field.get_default())
            variable = prefix + name.upper().replace(".", "__")
            rows.append((f"`{name}`", f"`{variable}`", default or "(empty)", field.description or ""))
        head = ("key", "environment", "default", "meaning")
        parts.append(f"\n## {program}\n\n{table(head, rows)}")
    return "".join(parts)


def commands() -> str:
    """The help texts, as a user sees them."""
    parts = [f"# Commands\n\n{NOTE}"]
    environment = {**os.environ, "COLUMNS": "96", "NO_COLOR": "1"}
    for module, names in COMMANDS.items():
        for name in names:
            words = [word for word in (name, "--help") if word]
            result = subprocess.run(  # noqa: S603 - our own programs
                [sys.executable, "-m", module, *words],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
            )
            title = " ".join(filter(None, (PROGRAMS[module], name)))
            parts.append(f"\n## {title}\n\n```text\n{result.stdout.rstrip()}\n```\n")
    return "".join(parts)


def pages() -> dict[str, str]:
    """Page name -> text."""
    return {
        "state-tables.md": state_tables(),
        "nomenclature.md": nomenclature(),
        "registries.md": registries(),
        "settings.md": settings(),
        "commands.md": commands(),
    }


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
