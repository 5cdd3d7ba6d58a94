"""In whose words an address says no: OAuth's, the partners', GraphQL's, or everybody's."""

from __future__ import annotations

from typing import Final

from cloud.api.shared import graphql_errors
from cloud.api.shared.graphql_errors import error_object
from cloud.core.authorization.profiles import CLINICAL, PARTNER, PLATFORM, PORTAL
from cloud.core.entitlements.access import AccessReviewError
from cloud.core.kernel.errors import DomainError

_OF_OAUTH: Final = frozenset(
    path
    for profile in (PLATFORM, CLINICAL, PORTAL)
    for path in (
        profile.token_path,
        *(f"{profile.base_path}/{end}" for end in ("revoke", "introspect", "par")),
    )
)
_OAUTHS_WORDS: Final = {
    "structure": "invalid_request",
    "not-supported": "invalid_request",
    "too-long": "invalid_request",
    "transient": "temporarily_unavailable",
    "exception": "server_error",
}
"""RFC 6749's own (4.1.2.1, 5.2), where it has one."""


def speaks_fixed_json(path: str) -> bool:
    """Whether the address has an error shape of its own, whatever the caller accepts."""
    return path in _OF_OAUTH or path in (PARTNER.token_path, graphql_errors.PATH)


def error_body(
    path: str, error: DomainError, request_id: str, trace_id: str = ""
) -> dict[str, object]:
    """The JSON of an error at this address."""
    if path in _OF_OAUTH:
        word = _OAUTHS_WORDS.get(error.code, error.reason)
        return {"error": word, "error_description": error.message}
    if path == graphql_errors.PATH:
        return {"errors": [error_object(error, trace_id or request_id)]}
    if path == PARTNER.token_path:
        return {"message": error.message, "code": error.reason, "requestId": request_id}
    body: dict[str, object] = {
        "error": error.reason,
        "issue_type": error.code,
        "message": error.message,
        "request_id": request_id,
    }
    if isinstance(error, AccessReviewError):
        body["request_url"] = error.request_url
    if error.details:
        body["details"] = error.details
    return body
