"""The body of a call: full text or the id of a document, as two conventions name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloud.core.kernel.errors import MalformedError

_HASH: Final = "sha256Hash"
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be run. Exactly one of `text` and `document_id` is there."""

    text: str | None
    document_id: str
    variables: Mapping[str, Any] = field(repr=False)
    operation_name: str | None = None


def read_call(body: object) -> Call:
    """The call a JSON body holds; MalformedError for a batch and for members of another kind."""
    if isinstance(body, list):
        raise MalformedError("batch_refused", "Send one operation a request.")
    if not isinstance(body, dict):
        raise MalformedError("invalid_call", "Send an object with a query or a documentId.")
    text, document_id = body.get("query"), _document_id(body)
    if text is not None and not isinstance(text, str):
        raise MalformedError("invalid_call", "Send the query as a text.")
    # A hash beside a text registers nothing here; it only has to be of that text.
    if text is None and not document_id:
        raise MalformedError("invalid_call", "Send a query or a documentId.")
    if text is not None and body.get("documentId") is not None:
        raise MalformedError("invalid_call", "Send a query or a documentId, not both.")
    variables = body.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise MalformedError("invalid_call", "Send the variables as an object.")
    name = body.get("operationName")
    if name is not None and not (isinstance(name, str) and len(name) <= _LONGEST_NAME):
        raise MalformedError("invalid_call", "Send the operationName as a short text.")
    return Call(text, document_id, variables or {}, name or None)


def _document_id(body: Mapping[str, Any]) -> str:
    """`documentId`, or Apollo's `extensions.persistedQuery.sha256Hash`, in the first's form."""
    given = body.get("documentId")
    if given is not None:
        if not isinstance(given, str) or not given:
            raise MalformedError("invalid_call", "Send the documentId as a text.")
        return given
    extensions = body.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise MalformedError("invalid_call", "Send the extensions as an object.")
    persisted = (extensions or {}).get("persistedQuery")
    if not isinstance(persisted, dict) or not isinstance(persisted.get(_HASH), str):
        return ""
    return f"sha256:{persisted[_HASH]}"
