"""Every reason the service says no with, read from where it is raised: no list can lag behind."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cloud
from cloud.api.shared.errors import STATUS
from cloud.core.kernel import errors as kernel_errors

_KINDS = {
    name: kind
    for name, kind in vars(kernel_errors).items()
    if isinstance(kind, type) and issubclass(kind, kernel_errors.DomainError)
}


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """A word of ours, the FHIR issue type it goes under, and what to do."""

    word: str
    issue_type: str
    says: str

    @property
    def status(self) -> int:
        """What an answer with it has; a search's own reasons are bad requests."""
        return STATUS.get(self.issue_type, 400)


@cache
def reasons() -> tuple[Reason, ...]:
    """All of them, by word."""
    found: dict[tuple[str, str], str] = {}
    for folder in cloud.__path__:
        for path in sorted(Path(folder).glob("**/*.py")):
            text = path.read_text(encoding="utf-8")
            if "Error(" in text:
                for one in _raised(ast.walk(ast.parse(text))):
                    key = (one.word, one.issue_type)
                    found[key] = found.get(key) or one.says
    return tuple(Reason(*key, says) for key, says in sorted(found.items()))


def _raised(nodes: Iterable[ast.AST]) -> Iterable[Reason]:
    for node in nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        kind = _KINDS.get(node.func.id)
        texts = [arg for arg in node.args if isinstance(arg, ast.Constant)]
        if kind and len(node.args) > 1 and texts and isinstance(texts[0].value, str):
            sentence = ast.unparse(node.args[1]).strip("'\"")
            told = sentence if isinstance(node.args[1], ast.Constant) else ""
            yield Reason(texts[0].value, kind.code, told)
