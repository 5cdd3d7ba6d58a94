"""From a TOML file and the environment to the settings; what is wrong is told by its key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource
from pydantic_settings import SettingsError as SourceError

from edge.errors import SettingsError
from edge.settings.gateway import PREFIX, EdgeSettings
from edge.settings.layers import layered

LIKENESS: Final = 0.8
_FIELD: Final = re.compile(r'field "(\w+)"')
_MENDS: Final = {
    "missing": "Add it to the settings file, or set {variable}",
    "extra_forbidden": "Remove it or correct its spelling",
    "unexpected_keyword_argument": "Remove it or correct its spelling",
}


def load_settings(
    path: Path | None, *, candidate: Mapping[str, object] | None = None
) -> EdgeSettings:
    """What the gateway joined with, the file over it, then the signed configuration, then the
    environment; SettingsError names the key and the mend.

    `candidate` stands for the signed configuration, to see whether the gateway could run with it.
    """
    content: Mapping[str, object] = {} if path is None else _read_toml(path)
    content = layered(_folder(content), content, candidate)

    class _FromFile(EdgeSettings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's form
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's form
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's form
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, InitSettingsSource(settings_cls, init_kwargs=dict(content))

    _refuse_misspelt_variables()
    try:
        return _FromFile()
    except SourceError as exc:
        raise _unreadable_variable(exc) from exc
    except ValidationError as exc:
        raise _first_of(exc, path) from exc


def data_folder_of(path: Path | None) -> Path:
    """The data folder that the file or the environment names; SettingsError for a bad file."""
    return _folder({} if path is None else _read_toml(path))


def _folder(content: Mapping[str, object]) -> Path:
    named = os.environ.get(f"{PREFIX}DATA") or content.get("data")
    default: Path = EdgeSettings.model_fields["data"].default
    return Path(named) if isinstance(named, str) else default


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError(
            f"the settings file {path} cannot be read ({(exc.strerror or '').lower()})",
            mend="Name a file that exists with --config",
        ) from exc
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(
            f"the settings file {path} is not TOML ({exc})", mend="Correct that line"
        ) from exc


def _refuse_misspelt_variables() -> None:
    """A name close to one of ours is a typing error; any other belongs to another product."""
    known = [PREFIX + name.upper() for name in EdgeSettings.model_fields]
    for variable in sorted(os.environ):
        group = variable.split("__")[0]
        if not variable.startswith(PREFIX) or group in known:
            continue
        if meant := get_close_matches(group, known, n=1, cutoff=LIKENESS):
            raise SettingsError(
                f"the environment variable {variable} is no setting of the gateway",
                mend=f"Correct its spelling ({meant[0]}?) or unset it",
            )


def _unreadable_variable(exc: SourceError) -> SettingsError:
    """A variable of a whole group holds JSON; the library names the field alone."""
    match = _FIELD.search(str(exc))
    variable = PREFIX + match[1].upper() if match else PREFIX + "..."
    return SettingsError(
        f"the environment variable {variable} holds no JSON",
        mend=f"Set one key alone, as {variable}__KEY, or unset it",
    )


def _first_of(exc: ValidationError, path: Path | None) -> SettingsError:
    """The first of the errors, in words: the key, what is wrong, where, what to do."""
    error = exc.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in error["loc"])
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        text = "is missing"
    elif error["type"] in _MENDS:
        text = "is no setting of the gateway"
    variable = PREFIX + key.upper().replace(".", "__")
    where = _origin(variable, path)
    mend = _MENDS.get(error["type"], "Correct it").format(variable=variable)
    cause = f"{key} {text}" if text.startswith("is ") else f"{key}: {text}" if key else text
    return SettingsError(f"{cause}{where}", mend=mend)


def _origin(variable: str, path: Path | None) -> str:
    """Where a wrong value came from: the environment goes before the file."""
    file = f" in {path}" if path else ""
    if variable == PREFIX:
        return file
    names = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    for name in names:
        if f"{variable}__".startswith(f"{name.upper()}__"):
            return f" in the environment variable {name}"
    parts = [name for name in names if name.upper().startswith(f"{variable}__")]
    return f"{file} with the environment's {', '.join(parts)}" if parts else file
