"""Topics that are lists of what runs: errors, scopes, schemas, versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cloud.api.discovery.documents import Code, Section, Table
from cloud.api.discovery.operations import Operation
from cloud.api.discovery.reasons import reasons
from cloud.api.discovery.schemas import PATH, of_description, of_events
from cloud.api.shared.contract import CONTRACT_VERSION, ENDINGS, VERSION_HEADER
from cloud.core.kernel.scope_catalogue import CATALOGUE
from cloud.core.kernel.scopes import covers

_SHAPE: Final = """{
  "error": "unit_mismatch",
  "issue_type": "invalid",
  "message": "Send the unit as one of the UCUM codes this takes.",
  "request_id": "bcae55c255df4b35807d986099895049",
  "details": {"allowed": ["/min"]}
}"""


def errors() -> tuple[Section, ...]:
    """The shape of an error, and every reason."""
    rows = tuple(
        (f"`{one.word}`", str(one.status), f"`{one.issue_type}`", one.says) for one in reasons()
    )
    return (
        Section(
            "Shape",
            (
                "`error` is the reason, a word that does not change; `message` says what to do. "
                "Token endpoints answer as RFC 6749 does, FHIR addresses with an OperationOutcome, "
                "GraphQL as the topic `graphql` says.",
                Code("json", _SHAPE),
            ),
        ),
        Section("Reasons", (Table(("error", "status", "issue_type", "what to do"), rows),)),
    )


def scopes(operations: Iterable[Operation]) -> tuple[Section, ...]:
    """The catalogue of scopes with what each opens."""
    opened: dict[str, list[str]] = {}
    for one in operations:
        for scope in one.scopes:
            opened.setdefault(scope, []).append(f"`{one.name}`")
    rows = tuple(
        (
            f"`{scope.name}`",
            scope.description,
            "yes" if scope.is_requestable else "no",
            ", ".join(opened.get(scope.name, ())),
        )
        for scope in CATALOGUE
    )
    wildcard = next(scope.name for scope in CATALOGUE if covers("argus:epcr:*", scope.name))
    return (
        Section(
            "Forms",
            (
                f"A grant may end in a wildcard at a colon: `argus:epcr:*` covers `{wildcard}`. "
                "What an operation asks for is always concrete; any one of its scopes opens it.",
            ),
        ),
        Section(
            "Catalogue",
            (Table(("scope", "what it allows", "may be asked for", "operations"), rows),),
        ),
    )


def schemas(description: Mapping[str, Any], issuer: str) -> tuple[Section, ...]:
    """Every schema and where it is used."""
    rows = tuple(
        (f"`{one.name}`", one.kind, one.says, ", ".join(f"`{use}`" for use in one.used_by))
        for one in (of_description(description, issuer) | of_events(issuer)).values()
    )
    return (
        Section(
            "Where they are",
            (
                f"`{PATH}` lists them with a version each, `{PATH}/NAME` gives one that stands "
                "alone; both ask for `argus:discovery:read`.",
            ),
        ),
        Section("Schemas", (Table(("name", "kind", "what it is", "used by"), rows),)),
    )


def versions() -> tuple[Section, ...]:
    """The contract's version, and what ends."""
    rows = tuple(
        (
            f"`{one.route}`",
            f"{one.deprecated_at:%Y-%m-%d}",
            f"{one.sunset_at:%Y-%m-%d}",
            f"`{one.successor}`",
        )
        for one in ENDINGS
    )
    return (
        Section(
            "The contract",
            (
                f"The version of the contract is {CONTRACT_VERSION}; answers bear it as "
                f"`{VERSION_HEADER}`. Within a year only things are added: read what you know, "
                "and pass over what you do not.",
            ),
        ),
        Section(
            "What will end",
            (
                "Until its end an address answers with `Deprecation` (RFC 9745), `Sunset` "
                "(RFC 8594) and a link to what takes its place.",
                Table(("address", "deprecated", "ends", "instead"), rows),
            ),
        ),
    )
