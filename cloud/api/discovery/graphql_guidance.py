"""How operations are asked for over GraphQL: transport, headers, tenants, errors. What there is to
ask is no part of it: each application sees the bundles it was granted.
"""

from __future__ import annotations

from typing import Final

from cloud.api.discovery.documents import Code, Section, Table
from cloud.api.shared.graphql_errors import PATH, TOLD

_ACQI: Final = (
    "query($from: DateTime!, $to: DateTime!) { acqiMetrics(fromDate: $from, toDate: $to) "
    "{ name value numerator denominator unit } }"
)
_ERROR: Final = """{
  "data": null,
  "errors": [{
    "message": "Run an operation of a bundle granted to the application.",
    "extensions": {
      "reason": "operation_not_approved",
      "code": "OPERATION_NOT_APPROVED",
      "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
    }
  }]
}"""


def graphql(issuer: str) -> tuple[Section, ...]:
    """What every call of the address has in common."""
    sent = (
        f'curl {issuer}{PATH} -H "Authorization: Bearer TOKEN" -H "X-Tenant-ID: TENANT" \\\n'
        '  -H "Content-Type: application/json" -d \'{\n'
        f'    "query": "{_ACQI}",\n'
        '    "variables": {"from": "2026-04-01T00:00:00Z", "to": "2026-04-17T00:00:00Z"}\n'
        "  }'"
    )
    return (
        Section(
            "Asking",
            (
                "Operations are reviewed, kept in bundles, and granted to applications. Send the "
                "text of a granted one, laid out as you like, or name it: `documentId`, `sha256:` "
                "and the hash of the text as it is printed again. Apollo's "
                "`extensions.persistedQuery.sha256Hash` means the same. Nothing is registered by "
                "sending it. Each operation asks for scopes of its own besides. In the sandbox any "
                "text is run.",
                Code("sh", sent),
                "One operation a request, by `POST` alone, without subscriptions. The schema is "
                "not told.",
            ),
        ),
        Section(
            "Tenants",
            (
                "`X-Tenant-ID` must be the token's own tenant, or the answer is 403 "
                "`tenant_mismatch`. A read that names no tenant may go without it; what names one "
                "or changes anything may not: 400 `tenant_required`. An argument `tenantId` has "
                "to be the same tenant.",
            ),
        ),
        Section(
            "Answers",
            (
                "The status is 200 whatever became of the operation, and `data` holds what could "
                "be had though another field failed. Accept `application/graphql-response+json`, "
                "and what was not run is 400, what is forbidden 403. Tokens, tenants, limits and "
                "bodies that are wrong have their status at any time.",
                Code("json", _ERROR),
                Table(("code", "what it means"), tuple((f"`{code}`", says) for code, says in TOLD)),
            ),
        ),
    )
