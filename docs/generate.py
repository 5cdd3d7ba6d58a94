"""Write docs/reference from the tables the code runs on, so that the pages cannot drift.

`python docs/generate.py` writes; a test compares `pages()` with what is in the tree.
"""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, is_dataclass
from enum import Enum
from pathlib import Path
from typing import get_args, get_type_hints
from unittest.mock import patch

from fastapi.routing import APIRoute
from pydantic import BaseModel

from cloud.api.discovery.documents import as_markdown
from cloud.api.discovery.reasons import reasons
from cloud.api.discovery.topics import BY_NAME, Source, document_of
from cloud.api.registry import BATCH_ROUTERS, ROUTERS
from cloud.core.encounters.catalogue import (
    DOSE_UNITS,
    FIELDS,
    LISTS,
    ROUTES,
    VITAL_RULES,
    Part,
)
from cloud.core.encounters.record import NotValue, PertinentNegative
from cloud.settings import CloudSettings
from edge.settings import EdgeSettings
from edge.transports.registry import SCHEMES
from protocols.gatt.racp_table import ROWS as RACP_ROWS
from protocols.gatt.registry import PROFILES
from protocols.gatt.uuids import short_text
from protocols.ieee20601.agent_table import ROWS as AGENT_ROWS
from protocols.ieee20601.manager_table import ROWS as MANAGER_ROWS
from protocols.ieee20601.states import table_as_markdown
from protocols.ieee20601.tolerances import TOLERANCES
from protocols.nomenclature.bits import BIT_ROWS
from protocols.nomenclature.lookup import TERMS, UNITS, loincs
from protocols.specializations.registry import SPECIALIZATIONS
from simulators.devices.registry import DEVICES

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "Written by `make docs` from the code; do not edit.\n"
COMMANDS = {
    "edge": ("", "run", "status", "settings", "decode", "explain", "certify"),
    "cloud": (
        "",
        "serve",
        "ingest",
        "worker",
        "broker",
        "migrate",
        "bootstrap",
        "apps",
        "users",
        "keys",
        "audit",
        "tenants",
        "products",
        "sites",
    ),
    "simulators": ("", "device", "bluetooth", "ambulance", "fleet", "patient", "scenarios", "demo"),
}
PROGRAMS = {"edge": "vitalwire-edge", "cloud": "vitalwire-cloud", "simulators": "vitalwire-sim"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def state_tables() -> str:
    """Both roles' tables, and record access."""
    manager = table_as_markdown("Manager", MANAGER_ROWS).replace("# ", "## ", 1)
    agent = table_as_markdown("Agent", AGENT_ROWS).replace("# ", "## ", 1)
    record_access = table(
        ("Row", "State", "Trigger", "Next state", "Answer"),
        (
            (
                row.ref,
                row.state.value,
                "; ".join(trigger.value for trigger in row.triggers),
                row.next_state.value,
                row.action.value,
            )
            for row in RACP_ROWS
        ),
    )
    return (
        f"# State tables\n\n{NOTE}\n{manager}\n{agent}\n"
        f"## Client of a record access control point\n\n{record_access}"
    )


def nomenclature() -> str:
    """Every term, unit and bit with a row."""
    terms = (
        (
            str(term.code.cf_code),
            str(term.code),
            term.reference_id or "(own)",
            term.display,
            " ".join(term.units),
            " ".join(loincs(term.code)),
            "; ".join(text for text in (term.nemsis, term.note) if text),
            term.sources,
        )
        for term in sorted(TERMS, key=lambda term: term.code)
    )
    units = (
        (str(unit.code.cf_code), unit.reference_id or "(own)", unit.ucum, unit.display)
        for unit in UNITS
    )
    bits = (
        (f"{(partition << 16) + number}.{bit}", name, meaning)
        for partition, number, bit, name, meaning in BIT_ROWS
    )
    head = ("code", "part:term", "reference id", "name", "UCUM", "LOINC", "note", "sources")
    return (
        f"# Nomenclature\n\n{NOTE}\n## Terms\n\n{table(head, terms)}\n## Units\n\n"
        f"{table(('code', 'reference id', 'UCUM', 'name'), units)}\n## Bits\n\n"
        "Bit 0 is the most significant.\n\n"
        f"{table(('code.bit', 'name', 'meaning when set'), bits)}"
    )


def registries() -> str:
    """What can be added by one file and one line."""
    specializations = (
        (
            item.standard,
            item.name,
            str(item.profile.cf_code),
            " ".join(f"0x{c.config_id:04X}" for c in item.standard_configurations) or "-",
            " ".join(
                f"0x{c.config_id:04X}"
                for c in item.configurations
                if c not in item.standard_configurations
            )
            or "-",
        )
        for item in SPECIALIZATIONS
    )
    head = ("standard", "device", "profile", "standard configurations", "extended")
    devices = ((kind.name, kind.identity.info.model) for kind in DEVICES)
    return (
        f"# Registries\n\n{NOTE}\n## Specializations\n\n{table(head, specializations)}\n"
        f"## GATT profiles\n\n{gatt_profiles()}\n## Transports of the gateway\n\n"
        f"{table(('scheme', 'form'), ((s.name, f'`{s.form}`') for s in SCHEMES))}\n"
        f"## Simulated devices\n\n{table(('name', 'model'), devices)}\n"
    )


def gatt_profiles() -> str:
    """Every characteristic of every profile, and how octets of it are decoded by hand."""
    rows = (
        (
            profile.specification,
            "-" if profile.service is None else short_text(profile.service),
            item.name,
            short_text(item.uuid),
            " ".join(f"`{name}`" for name in item.decode_as),
        )
        for profile in PROFILES
        for item in profile.characteristics
    )
    return table(("document", "service", "characteristic", "UUID", "decode as"), rows)


def tolerances() -> str:
    """What is forgiven to real devices."""
    head = ("id", "who", "what deviates", "clause", "what we do", "warning", "shown by", "default")
    rows = (
        (
            f"`{item.id}`",
            item.devices,
            item.deviation,
            item.clause,
            item.answer,
            item.warning,
            item.shown_by,
            "on" if item.by_default else "off",
        )
        for item in TOLERANCES
    )
    return (
        f"# Tolerances\n\n{NOTE}\nWhat is forgiven to devices that deviate from the "
        f"standard. Each is told once an association as `tolerated ID: ...`; "
        f"each can be switched off.\n\n"
        f"{table(head, rows)}"
    )


def endpoints() -> str:
    """Every route of the cloud with its first sentence."""
    rows = sorted(
        (route.path, ", ".join(sorted(route.methods or ())), _first_line(route.endpoint.__doc__))
        for router in (*ROUTERS, *BATCH_ROUTERS)
        for route in router.routes
        if isinstance(route, APIRoute)
    )
    head = ("path", "method", "what it does")
    return (
        f"# HTTP endpoints\n\n{NOTE}\nShapes and errors: `/.well-known/openapi.json` and "
        f"`/docs` of a running cloud.\n\n{table(head, ((f'`{p}`', m, d) for p, m, d in rows))}"
    )


def events() -> str:
    """What webhooks tell: the document that the service itself has of them."""
    document = document_of(BY_NAME["events"], Source(issuer="", description={}))
    title, _, rest = as_markdown(document).partition("\n\n")
    return f"{title}\n\n{NOTE}\n{rest}"


def encounter_catalogue() -> str:
    """What can be told of an encounter, and in which words and units."""
    fields = [
        [f"`{path}`", rule.kind.value, ", ".join(f"`{word}`" for word in rule.words)]
        for path, rule in FIELDS.items()
    ]
    vitals = []
    for name, rule in VITAL_RULES.items():
        parts = [f"`{part}`: {_part_words(one)}" for part, one in rule.parts.items()]
        units = [f"`{unit}` {low} to {high}" for unit, (low, high) in rule.limits.items()]
        vitals.append([f"`{name}`", "; ".join(parts), ", ".join(units)])
    routes = [[f"`{word}`", name, code] for word, (name, code) in ROUTES.items()]
    return (
        f"# What can be told of an encounter\n\n{NOTE}\n## Fields\n\nOne value each.\n\n"
        + table(["path", "value", "words"], fields)
        + "\n## Lists\n\n"
        + ", ".join(f"`{name}`" for name in LISTS)
        + ". Not done, or not there: "
        + ", ".join(f"`{one.value}`" for one in PertinentNegative)
        + ". No value: "
        + ", ".join(f"`{one.value}`" for one in NotValue)
        + ".\n\n## Findings\n\nA number outside its range is kept and flagged `implausible`.\n\n"
        + table(["type", "parts", "units and what is believable"], vitals)
        + "\n## Medicines\n\nUnits: "
        + ", ".join(f"`{unit}`" for unit in DOSE_UNITS)
        + ".\n\n"
        + table(["route", "name", "SNOMED CT"], routes)
    )


def _part_words(part: Part) -> str:
    words = [f"`{word}`" for word in part.words]
    if part.is_number:
        words.insert(0, "number" if part.between is None else "{} to {}".format(*part.between))
    return ", ".join(words)


def errors() -> str:
    """Every reason the cloud says no with, read from where it is raised."""
    rows = ((f"`{one.word}`", one.issue_type, one.says) for one in reasons())
    head = ("reason (`error`)", "FHIR issue type (`issue_type`)", "what to do")
    return f"# Reasons for errors\n\n{NOTE}\n{table(head, rows)}"


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n\n")[0].replace("\n", " ")


def _keys(
    model: type[BaseModel], head: str, prefix: str, variable: str
) -> Iterator[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """Title, sentences and keys of a settings class, then of each group in it."""
    rows, groups = [], []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            groups.append(
                _keys(inner, f"[{name}]", f"{prefix}{name}.", f"{variable}{name.upper()}__")
            )
        elif isinstance(inner, type) and is_dataclass(inner):
            groups.append(_policy(inner, name, f"{variable}{name.upper()}__"))
        else:
            rows.append(
                (
                    f"`{name}`",
                    f"`{variable}{name.upper()}`",
                    "(required)" if field.is_required() else _shown(field.get_default()),
                    field.description or "",
                )
            )
    yield head, _first_line(model.__doc__), rows
    for group in groups:
        yield from group


def _policy(
    policy: type[object], name: str, variable: str
) -> Iterator[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """A room's own policy: its docstring says what the keys mean."""
    values = policy()
    hints = get_type_hints(policy, include_extras=True)
    rows = [
        (
            f"`{key}`",
            f"`{variable}{key.upper()}`",
            _shown(getattr(values, key)),
            " ".join(text for text in get_args(hint)[1:] if isinstance(text, str)),
        )
        for key, hint in hints.items()
    ]
    yield f"[{name}]", " ".join((policy.__doc__ or "").split()), rows


def _shown(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        return ", ".join(f"{key} {item}" for key, item in asdict(value).items())
    return "(empty)" if value in (None, "", ()) else str(value)


def settings() -> str:
    """Every key of both programs."""
    parts = [f"# Settings\n\n{NOTE}"]
    for program, model, variable in (
        ("vitalwire-edge", EdgeSettings, "EDGE_"),
        ("vitalwire-cloud", CloudSettings, "CLOUD_"),
    ):
        for head, sentences, rows in _keys(model, "", "", variable):
            title = f"### `{head}`" if head else f"## {program}"
            names = ("key", "environment", "default", "meaning")
            parts.append(f"\n{title}\n\n{sentences}\n\n{table(names, rows)}")
    return "".join(parts)


def commands() -> str:
    """The help texts, as a user sees them."""
    parts = [f"# Commands\n\n{NOTE}"]
    for module, names in COMMANDS.items():
        for name in names:
            title = " ".join(filter(None, (PROGRAMS[module], name)))
            parts.append(f"\n## {title}\n\n```text\n{_help_of(module, name).rstrip()}\n```\n")
    return "".join(parts)


def _help_of(module: str, name: str) -> str:
    """What a program says of a command; asked here, for a process of its own takes a second."""
    program = importlib.import_module(f"{module}.__main__")
    terminal = {"COLUMNS": "96", "NO_COLOR": "1"}
    said = io.StringIO()
    with patch.dict(os.environ, terminal), redirect_stdout(said), suppress(SystemExit):
        program.main([word for word in (name, "--help") if word])
    return said.getvalue()


def pages() -> dict[str, str]:
    """Page name -> text."""
    return {
        "state-tables.md": state_tables(),
        "nomenclature.md": nomenclature(),
        "registries.md": registries(),
        "settings.md": settings(),
        "commands.md": commands(),
        "tolerances.md": tolerances(),
        "endpoints.md": endpoints(),
        "errors.md": errors(),
        "encounter-catalogue.md": encounter_catalogue(),
        "events.md": events(),
    }


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
