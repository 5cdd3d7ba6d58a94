"""A document of the API as facts: the same in JSON, in Markdown and on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the names of their columns; cells may mark code by backticks, as text may."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to be read or sent as they are."""

    language: str
    text: str


Part: TypeAlias = str | Table | Code


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a document."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One topic: `name` is its last word in the address, `says` its one sentence."""

    name: str
    title: str
    says: str
    sections: tuple[Section, ...]


def as_json(document: Document) -> dict[str, object]:
    """For programs: tables as rows of named cells."""
    return {
        "topic": document.name,
        "title": document.title,
        "summary": document.says,
        "sections": [
            {"title": one.title, "parts": [_json_part(part) for part in one.parts]}
            for one in document.sections
        ],
    }


def _json_part(part: Part) -> dict[str, object]:
    if isinstance(part, Table):
        return {
            "type": "table",
            "columns": list(part.head),
            "rows": [dict(zip(part.head, row, strict=True)) for row in part.rows],
        }
    if isinstance(part, Code):
        return {"type": "code", "language": part.language, "text": part.text}
    return {"type": "text", "text": part}


def as_markdown(document: Document) -> str:
    """For readers of text, people or programs."""
    lines = [f"# {document.title}", document.says]
    for section in document.sections:
        lines.append(f"## {section.title}")
        lines += [_markdown_part(part) for part in section.parts]
    return "\n\n".join(lines) + "\n"


def _markdown_part(part: Part) -> str:
    if isinstance(part, Table):
        rows = [part.head, tuple("---" for _ in part.head), *part.rows]
        return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)
    if isinstance(part, Code):
        return f"```{part.language}\n{part.text}\n```"
    return part


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
