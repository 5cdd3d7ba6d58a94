"""Every key of the settings with what it means, from the fields themselves: no second list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from edge.settings.gateway import PREFIX, EdgeSettings


@dataclass(frozen=True, slots=True)
class ExplainedKey:
    """One key: the tables it lies in, its name, its default (None: required), its meaning.

    `is_list`: the key is a table written once for each item (`[[devices]]`).
    """

    path: tuple[str, ...]
    name: str
    default: object
    meaning: str
    is_required: bool = False
    is_list: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return PREFIX + "__".join((*self.path, self.name)).upper()


def explained_keys(model: type[BaseModel] = EdgeSettings) -> Iterator[ExplainedKey]:
    """All keys: those of a group first, then those of the groups in it."""
    yield from _of_model(model, ())


def _of_model(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[ExplainedKey]:
    groups: list[tuple[str, type[object]]] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel)):
            groups.append((name, kind))
        elif (item := _item_of(kind)) is not None:
            yield ExplainedKey(path, name, (), _meaning(field), is_list=True)
            groups.append((name, item))
        else:
            yield ExplainedKey(
                path,
                name,
                None if field.is_required() else field.get_default(call_default_factory=True),
                _meaning(field),
                is_required=field.is_required(),
            )
    for name, kind in groups:
        yield from _of_group(kind, (*path, name))


def _of_group(kind: type[object], path: tuple[str, ...]) -> Iterator[ExplainedKey]:
    if issubclass(kind, BaseModel):
        yield from _of_model(kind, path)
    else:
        yield from _of_policy(kind, path)


def _of_policy(kind: type[object], path: tuple[str, ...]) -> Iterator[ExplainedKey]:
    """A room's own policy: the meaning stands beside the type, as `Annotated[float, "..."]`."""
    if not is_dataclass(kind):
        raise AssertionError(f"{kind.__name__} is no policy")
    hints = get_type_hints(kind, include_extras=True)
    groups: list[tuple[str, type[object]]] = []
    for field in fields(kind):
        hint = hints[field.name]
        words = [text for text in get_args(hint)[1:] if isinstance(text, str)]
        bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if isinstance(bare, type) and is_dataclass(bare):
            groups.append((field.name, bare))
            continue
        default = field.default
        if default is MISSING and field.default_factory is not MISSING:
            default = field.default_factory()
        yield ExplainedKey(
            path, field.name, default, " ".join(words), is_required=default is MISSING
        )
    for name, group in groups:
        yield from _of_group(group, (*path, name))


def _item_of(kind: object) -> type[object] | None:
    """The table's type of a list of tables."""
    arguments = get_args(kind)
    if get_origin(kind) is tuple and arguments and isinstance(arguments[0], type):
        item = arguments[0]
        if issubclass(item, BaseModel) or is_dataclass(item):
            return item
    return None


def _meaning(field: FieldInfo) -> str:
    words = [text for text in field.metadata if isinstance(text, str)]
    return field.description or " ".join(words)


def settings_file() -> str:
    """A whole settings file: every key, explained, at its default; the required ones to fill in."""
    lines = [
        "# Settings of the gateway. Every key is here with its default, as a comment; take the",
        "# mark away to change one. The environment goes before this file.",
        "",
    ]
    path: tuple[str, ...] = ()
    lists = {(*key.path, key.name) for key in explained_keys() if key.is_list}
    for key in explained_keys():
        if key.path != path:
            path = key.path
            head = ".".join(path)
            lines += ["", f"#[[{head}]]" if path in lists else f"[{head}]"]
        if not key.is_list:
            lines += _wrapped(key)
    return "\n".join(lines) + "\n"


def _wrapped(key: ExplainedKey) -> list[str]:
    meaning = [f"# {line}" for line in _fill(key.meaning, 96)]
    if key.is_required and key.path:
        return [*meaning, f'#{key.name} = ""']
    if key.is_required:
        return [*meaning, f'{key.name} = ""   # to be filled in, unless enrolled', ""]
    return [*meaning, f"#{key.name} = {as_toml(key.default)}", ""]


def _fill(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line


def as_toml(value: object) -> str:
    """A default as TOML writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Enum():
            return as_toml(value.value)
        case tuple() | list() | frozenset():
            return "[" + ", ".join(as_toml(item) for item in value) + "]"
        case SecretStr() | None:
            return '""'
        case Path() | str():
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            raise AssertionError(f"a default of {type(value).__name__} has no TOML form")
