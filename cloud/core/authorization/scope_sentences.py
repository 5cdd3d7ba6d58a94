"""What a person reads of scopes before they allow them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cloud.core.authorization.registered_scopes import added_scopes
from cloud.core.kernel.scopes import CATALOGUE, EVERYTHING, Scope, covers
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One thing an application may do."""

    text: str
    is_sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeShown:
    """One scope as it is asked for. A wildcard stands for all that it covers, today and later."""

    name: str
    is_wildcard: bool
    sentences: tuple[Sentence, ...]


def shown(work: UnitOfWork, tenant_id: str, scopes: Iterable[str]) -> tuple[ScopeShown, ...]:
    """Each scope with the sentences of all that it covers, those the tenant added included."""
    known = (*CATALOGUE, *added_scopes(work, tenant_id))
    return tuple(_shown(name, known) for name in scopes)


def _shown(name: str, known: Iterable[Scope]) -> ScopeShown:
    sentences = [
        Sentence(text=scope.description, is_sensitive=scope.is_sensitive)
        for scope in known
        if covers(name, scope.name)
    ]
    if not sentences:
        # A scope that left the catalogue: nobody can say any more what it opens.
        sentences = [Sentence(text=f"Use what is called {name}.", is_sensitive=True)]
    is_wildcard = name == EVERYTHING or name.endswith(":*") or "/*." in name
    return ScopeShown(name=name, is_wildcard=is_wildcard, sentences=tuple(sentences))
