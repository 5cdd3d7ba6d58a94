"""One operation from its text or id to its answer: approved, measured, checked, run."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    get_operation_ast,
    specified_rules,
    validate,
    visit,
)

from cloud.api.graphql.asking import Asking, lacking
from cloud.api.graphql.calls import Call
from cloud.api.graphql.limits import check_cost, check_shape
from cloud.api.graphql.schema import SCHEMA
from cloud.core.curation.documents import ReadDocument, fingerprint_in, read_document
from cloud.core.curation.grants import approved_document
from cloud.core.kernel import audit
from cloud.core.kernel.errors import DomainError, ForbiddenError, InvalidError, MalformedError
from cloud.core.kernel.principal import Principal

MOST_ERRORS: Final = 10
_RULES: Final = (*specified_rules, NoSchemaIntrospectionCustomRule)
_VALUES: Final = re.compile(r'"|, found |, but encountered| Did you mean|: ')
"""Where the library's sentences go over from names to what was sent, or to what there is."""
_VARIABLE: Final = re.compile(r"Variable '\$(\w{1,60})'")
_TENANT_ARGUMENT: Final = "tenantId"
ANY_TEXT: Final = "any"
UNKNOWN: Final = "unknown"


class NotApprovedError(ForbiddenError):
    """An operation that the application was not granted; it was not even looked at."""

    def __init__(self) -> None:
        super().__init__(
            "operation_not_approved", "Run an operation of a bundle granted to the application."
        )


class NotValidError(DomainError):
    """A document that does not fit the schema; `errors` says where, in words without values."""

    code = "structure"

    def __init__(self, errors: tuple[str, ...]) -> None:
        self.errors = errors
        super().__init__("not_valid", "Correct the document.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What will be run, and how it is counted: `bundle.document`, or any text of a developer."""

    document: ReadDocument
    operation: OperationDefinitionNode
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Without `is_run` the errors are about the request, and nothing was done."""

    data: dict[str, Any] | None
    errors: tuple[GraphQLError, ...]
    is_run: bool


def may_send_any_document(caller: Principal) -> bool:
    """Whether a caller may run documents nobody approved: developers, with a sandbox token."""
    return caller.is_sandbox


def choose(asking: Asking, call: Call) -> Chosen:
    """What the call asks for, if the caller may run it.

    NotApprovedError for what was not granted, whatever it says; ForbiddenError
    `insufficient_scope`; InvalidError for a text above the limits or of no such operation.
    """
    read = None if call.text is None else read_document(call.text)
    caller = asking.caller
    fingerprint = _named(call) if read is None else read.fingerprint
    if call.text is not None and call.document_id:
        _check_hash(_named(call), call.text, fingerprint)
    database, now = asking.services.database, asking.services.clock()
    with database.reading(now=now) as work:
        found = approved_document(work, caller, fingerprint) if fingerprint else None
    if found is not None:
        bundle, document = found
        missing = [scope for scope in document.required_scopes if not caller.may(scope)]
        if missing:
            raise lacking(missing)
        return _chosen(document.read, call, f"{bundle.name}.{document.id}")
    if read is not None and may_send_any_document(caller):
        return _chosen(read, call, ANY_TEXT)
    with database.begin(now=now) as work:
        shown = f"sha256:{fingerprint}" if fingerprint else UNKNOWN
        audit.record(work, caller, "run", "operation", shown, outcome="denied")
    raise NotApprovedError


def names_tenant(chosen: Chosen) -> bool:
    """Whether the operation changes something or names a tenant: then the header has to, too."""
    if chosen.operation.operation is not OperationType.QUERY:
        return True
    return _names_argument(chosen.document.tree, _TENANT_ARGUMENT)


def run(asking: Asking, call: Call, chosen: Chosen) -> Outcome:
    """Check the operation against the limits and the schema, and run it.

    TooCostlyError, InvalidError, NotValidError before anything is done.
    """
    tree = chosen.document.tree
    check_shape(tree)
    _check_valid(tree)
    check_cost(SCHEMA.graphql_schema, tree, chosen.operation, call.variables)
    result = SCHEMA.execute_sync(
        chosen.document.text,
        variable_values=dict(call.variables),
        context_value=asking,
        operation_name=call.operation_name,
    )
    errors = tuple(result.errors or ())
    is_run = result.data is not None or any(error.path for error in errors)
    return Outcome(result.data, errors, is_run)


def plain_words(error: GraphQLError) -> str:
    """What the library says of a request that does not fit, without what the caller sent."""
    variable = _VARIABLE.match(error.message)
    if variable:
        return f"Send ${variable[1]} as the operation declares it."
    return _VALUES.split(error.message, maxsplit=1)[0].rstrip(".") + "."


class _Arguments(Visitor):
    """Collects the names of all arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """One of them."""
        self.names.add(node.name.value)


def _names_argument(tree: DocumentNode, name: str) -> bool:
    arguments = _Arguments()
    visit(tree, arguments)
    return name in arguments.names


def _check_hash(named: str, text: str, fingerprint: str) -> None:
    """InvalidError for a hash that is not of the text it came with, be it as written or as read."""
    if named not in (fingerprint, hashlib.sha256(text.encode()).hexdigest()):
        raise InvalidError("hash_mismatch", "Send the hash of the query it comes with, or none.")


def _named(call: Call) -> str:
    """The fingerprint that was named; empty for an id that is none of ours."""
    try:
        return fingerprint_in(call.document_id.lower())
    except InvalidError:
        return ""


def _chosen(document: ReadDocument, call: Call, name: str) -> Chosen:
    operation = get_operation_ast(document.tree, call.operation_name)
    if operation is None:
        raise InvalidError("unknown_operation", "Name one of the operations of the document.")
    if operation.operation is OperationType.SUBSCRIPTION:
        raise MalformedError("no_subscriptions", "Have events sent by webhook.")
    return Chosen(document, operation, name)


def _check_valid(tree: DocumentNode) -> None:
    errors = validate(
        SCHEMA.graphql_schema, tree, _RULES, max_errors=MOST_ERRORS - 1, hide_suggestions=True
    )
    if errors:
        raise NotValidError(tuple(plain_words(error) for error in errors[:MOST_ERRORS]))
