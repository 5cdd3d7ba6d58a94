"""GraphQL documents as curation knows them: by the hash of what they say, not of their layout.

A document is parsed and printed again, which takes blanks, commas and comments out of it; SHA-256
over that is its fingerprint. So an application may send the text as its author wrote it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from graphql import DocumentNode, GraphQLError, parse, print_ast
from graphql.language import ExecutableDefinitionNode

from cloud.core.kernel.errors import InvalidError, MalformedError

LONGEST_TEXT: Final = 20_000
"""Characters of one document."""
MOST_TOKENS: Final = 1_000
_PREFIX: Final = "sha256:"
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that could be read: `text` as it is printed again, `fingerprint` its SHA-256."""

    text: str
    fingerprint: str
    tree: DocumentNode = field(repr=False, compare=False)

    @property
    def document_id(self) -> str:
        """How callers name it."""
        return f"{_PREFIX}{self.fingerprint}"


def read_document(text: str) -> ReadDocument:
    """Parse a document; what is wrong with it is said without quoting it.

    InvalidError `too_long`, `too_many_tokens` or `too_deep` before more of it is read;
    MalformedError `syntax_error` with its line, and for anything but operations and fragments.
    """
    if len(text) > LONGEST_TEXT:
        raise InvalidError("too_long", f"Send a document of at most {LONGEST_TEXT} characters.")
    try:
        tree = parse(text, max_tokens=MOST_TOKENS)
    except GraphQLError as exc:
        raise _unreadable(exc) from None
    if not all(isinstance(one, ExecutableDefinitionNode) for one in tree.definitions):
        raise MalformedError("syntax_error", "Send operations and fragments only.")
    printed = print_ast(tree)
    return ReadDocument(printed, hashlib.sha256(printed.encode()).hexdigest(), tree)


def fingerprint_in(document_id: str) -> str:
    """The fingerprint a caller named; InvalidError `invalid_document_id`."""
    prefix, fingerprint = document_id[: len(_PREFIX)], document_id[len(_PREFIX) :]
    if prefix != _PREFIX or not _HEXADECIMAL.fullmatch(fingerprint):
        raise InvalidError(
            "invalid_document_id", "Name the document as sha256: and 64 hexadecimal digits."
        )
    return fingerprint


def _unreadable(exc: GraphQLError) -> InvalidError | MalformedError:
    if "tokens" in exc.message:
        return InvalidError("too_many_tokens", f"Send at most {MOST_TOKENS} tokens.")
    if "deeply" in exc.message:
        return InvalidError("too_deep", "Send a document that is nested less deeply.")
    line = exc.locations[0].line if exc.locations else 1
    return MalformedError("syntax_error", f"Correct the document's syntax in line {line}.")
