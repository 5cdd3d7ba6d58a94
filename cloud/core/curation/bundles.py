"""Bundles of operations: files in the tree, each a version that is never altered once granted.

A file names each document's fingerprint beside its text. Who changes the text without meaning to
change what is granted is stopped when the file is read; another text is another version.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cloud.core.curation.documents import ReadDocument, read_document
from cloud.core.kernel.errors import DomainError, NotFoundError
from cloud.core.kernel.scopes import check_required

_FOLDER: Final = "bundles"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_DOCUMENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,59}")


class BundleError(Exception):
    """A bundle's file says something wrong; the message is where and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One operation of a bundle: `id` for people, and every scope of which the caller needs all."""

    id: str
    text: str
    read: ReadDocument
    required_scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Operations that are granted together; `purpose` is the sentence a reviewer reads."""

    name: str
    version: int
    purpose: str
    documents: tuple[Document, ...]


@cache
def bundles() -> tuple[Bundle, ...]:
    """Every bundle in the tree by name and version; BundleError for a file that is wrong."""
    return tuple(sorted(_read_all(), key=lambda one: (one.name, one.version)))


def bundle(name: str, version: int | None = None) -> Bundle:
    """One bundle, its newest version where none is named; NotFoundError `unknown_bundle`."""
    found = [one for one in bundles() if one.name == name and version in (None, one.version)]
    if not found:
        raise NotFoundError("unknown_bundle", "Use the name and version of a bundle there is.")
    return found[-1]


def read_bundle(document: Mapping[str, Any]) -> Bundle:
    """A bundle as its file has it; BundleError."""
    try:
        name, version = document["name"], document["version"]
        purpose, listed = document["purpose"], document["documents"]
    except KeyError as exc:
        raise BundleError(f"{exc.args[0]} is missing") from exc
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise BundleError("the name is small letters, digits and hyphens")
    if type(version) is not int or version < 1:
        raise BundleError("the version is a number from 1 on")
    read = tuple(_document(one) for one in listed)
    for what in ({one.id for one in read}, {one.read.fingerprint for one in read}):
        if not read or len(what) != len(read):
            raise BundleError("there are documents, and none of them is there twice")
    return Bundle(name=name, version=version, purpose=str(purpose), documents=read)


def _document(given: Mapping[str, Any]) -> Document:
    identifier, text = str(given.get("id", "")), str(given.get("text", "")).strip()
    if not _DOCUMENT.fullmatch(identifier):
        raise BundleError("a document's id is letters and digits")
    try:
        read = read_document(text)
    except DomainError as exc:
        raise BundleError(f"{identifier}: {exc.message}") from exc
    if given.get("sha256") != read.fingerprint:
        raise BundleError(f"{identifier}: its sha256 would be {read.fingerprint}")
    return Document(
        id=identifier,
        text=text,
        read=read,
        required_scopes=_scopes(identifier, given.get("required_scopes", ())),
    )


def _scopes(identifier: str, given: Sequence[str]) -> tuple[str, ...]:
    if not given:
        raise BundleError(f"{identifier}: say which scopes it needs")
    try:
        return tuple(check_required(scope) for scope in given)
    except AssertionError as exc:
        raise BundleError(f"{identifier}: {exc}") from exc


def _read_all() -> Iterator[Bundle]:
    for file in files("cloud.core.curation").joinpath(_FOLDER).iterdir():
        if not file.name.endswith(".toml"):
            continue
        try:
            found = read_bundle(tomllib.loads(file.read_text("utf-8")))
        except BundleError as exc:
            raise BundleError(f"{file.name}: {exc}") from exc
        if file.name != f"{found.name}.{found.version}.toml":
            raise BundleError(f"{file.name}: it is called by its name and version")
        yield found
