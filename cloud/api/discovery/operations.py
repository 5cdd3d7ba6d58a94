"""What can be asked of the service, read from the description of the routes that run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloud.api.discovery.documents import Code, Part, Section, Table

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address; any one of `scopes` opens it, without any every token does where
    it `needs_token`.
    """

    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...]
    needs_token: bool
    parameters: tuple[tuple[str, ...], ...]
    body: str
    example: str
    answers: tuple[tuple[str, str], ...]
    is_deprecated: bool

    @property
    def name(self) -> str:
        """As a line of HTTP begins."""
        return f"{self.method} {self.path}"

    def section(self) -> Section:
        """All that is known of it."""
        parts: list[Part] = [_sentence(self.summary), self.description]
        if self.is_deprecated:
            parts.append("It will end: see the topic `versions`.")
        parts.append(self._needs())
        if self.parameters:
            parts.append(Table(("parameter", "in", "required", "meaning"), self.parameters))
        if self.body:
            parts.append(f"Body: {self.body}.")
        if self.example:
            parts.append(Code("json", self.example))
        parts.append(Table(("status", "answer"), self.answers))
        return Section(self.name, tuple(part for part in parts if part))

    def _needs(self) -> str:
        if not self.needs_token:
            return "No scope is asked for."
        named = " or ".join(f"`{scope}`" for scope in self.scopes)
        return f"Scope: {named}." if named else "Any token of the platform will do."


def operations(description: Json) -> tuple[Operation, ...]:
    """Every one by address and method."""
    found = (
        _operation(method, path, one, description["components"]["schemas"])
        for path, methods in description["paths"].items()
        for method, one in methods.items()
    )
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))


def _operation(method: str, path: str, one: Json, schemas: Json) -> Operation:
    content: Json = one.get("requestBody", {}).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=one.get("summary", ""),
        description=" ".join(one.get("description", "").split()),
        scopes=tuple(scope for way in one.get("security", ()) for scope in way["oauth2"]),
        needs_token=bool(one.get("security")),
        parameters=tuple(_parameters(one)),
        body=", ".join(f"`{media}`{_named(inner)}" for media, inner in content.items()),
        example=_example(content, schemas),
        answers=tuple(
            (status, _answer(answer)) for status, answer in sorted(one["responses"].items())
        ),
        is_deprecated=one.get("deprecated", False),
    )


def _parameters(one: Json) -> Iterator[tuple[str, ...]]:
    for each in one.get("parameters", ()):
        says = " ".join(each.get("description", "").split())
        yield f"`{each['name']}`", each["in"], "yes" if each.get("required") else "no", says


def _named(content: Json) -> str:
    reference = str(content.get("schema", {}).get("$ref", ""))
    return f" `{reference.rpartition('/')[2]}`" if reference else ""


def _answer(answer: Json) -> str:
    shapes = ", ".join(f"`{media}`{_named(inner)}" for media, inner in _content(answer))
    return f"{answer.get('description', '')}{': ' if shapes else ''}{shapes}"


def _content(answer: Json) -> Iterator[tuple[str, Json]]:
    content: Json = answer.get("content", {})
    yield from content.items()


def _example(content: Json, schemas: Json) -> str:
    """The first example of the body's own schema, as it is sent."""
    reference = str(content.get("application/json", {}).get("schema", {}).get("$ref", ""))
    examples = schemas.get(reference.rpartition("/")[2], {}).get("examples", ())
    return json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."
