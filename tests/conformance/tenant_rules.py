"""Which queries may leave the tenant out of their words, and how the others are found.

A query over rows of tenants starts at `scoped(...)`, names `tenant_id` itself, or says above itself
`# every tenant:` and why. What finds rows by an id that only one tenant has, because it was found
in that tenant before, is listed here by its function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ADVICE: Final = (
    "looks at every tenant's rows: begin with scoped(), name tenant_id, say why above it "
    "(# every tenant: ...), or list it in tests/conformance/tenant_rules.py"
)
APART: Final = {
    "kernel": "the audit, the outbox and kept answers serve all rooms, and name tenants themselves",
    "authorization": "who calls is found by a proof, before anybody knows of which tenant they are",
}
"""Rooms of the core that are not looked at."""
_LOOKING: Final = frozenset(("select", "update", "delete"))
_BY_KEY: Final = (".session.get", ".session.get_one")
_AFTER: Final = 3
"""Lines behind a row got by its key in which its tenant may be compared."""
_STATEMENTS: Final = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.For, ast.If, ast.With),
    *(ast.While, ast.Assert, ast.Raise),
)
_OWN_PARTS: Final = ("value", "test", "iter", "items", "exc", "msg")


class Looking(NamedTuple):
    """A query that names no tenant: module and function, and the line it begins in."""

    where: str
    line: int


def is_guarded(name: str) -> bool:
    """Whether a module's queries are looked at."""
    if re.match(r"cloud/(db|migrations|app)/", name):
        return False
    room = re.match(r"cloud/core/([a-z]+)/", name)
    return name.startswith("cloud/") and (room is None or room[1] not in APART)


def looks_everywhere(path: Path, name: str) -> Iterator[Looking]:
    """Every query of a module that names no tenant and says no reason."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for function, statement in _statements(ast.parse(source)):
        parts = list(_own_parts(statement))
        calls = [ast.unparse(one.func) for one in _calls(parts)]
        by_key = any(one.endswith(_BY_KEY) for one in calls)
        if not by_key and not _LOOKING & set(calls):
            continue
        end = max(one.end_lineno or 0 for one in parts)
        if not name.startswith("cloud/core/") and not _names_rows(
            lines[statement.lineno - 1 : end]
        ):
            continue
        words = "\n".join(lines[max(statement.lineno - 2, 0) : end + (_AFTER if by_key else 0)])
        if not _is_apart(words, by_key=by_key):
            yield Looking(f"{name}:{function}", statement.lineno)


def _is_apart(words: str, *, by_key: bool) -> bool:
    if (
        "scoped(" in words
        or "scoped_at_home(" in words
        or "mine." in words
        or "# every tenant:" in words
    ):
        return True
    return bool(re.search(r"tenant_id [!=]=", words) or (by_key and "tenant_id)" in words))


def _names_rows(lines: list[str]) -> bool:
    return bool(re.search(r"\b[A-Z][A-Za-z]+Row\b", "\n".join(lines)))


def _statements(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every statement, with the name of the function it is in."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.stmt]]:
        for child in ast.iter_child_nodes(node):
            inner = function
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = child.name
            elif isinstance(child, _STATEMENTS):
                yield function, child
            yield from walk(child, inner)

    return walk(tree, "")


def _own_parts(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement without those of the statements in it."""
    for name in _OWN_PARTS:
        held = getattr(statement, name, None)
        for one in held if isinstance(held, list) else [held]:
            if isinstance(one, ast.expr):
                yield one
            elif isinstance(one, ast.withitem):
                yield one.context_expr


def _calls(parts: list[ast.expr]) -> Iterator[ast.Call]:
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                yield node


_REASONS: Final[dict[str, tuple[str, ...]]] = {
    "an endpoint that is held by a lease, or whose turn it is, and what goes there": (
        "cloud/core/webhooks/claiming.py:_due",
        "cloud/core/webhooks/claiming.py:keep",
        "cloud/core/webhooks/claiming.py:_held",
        "cloud/core/webhooks/claiming.py:_move",
        "cloud/core/webhooks/claiming.py:_give_back",
        "cloud/core/webhooks/claiming.py:_first_attempt",
    ),
    "how the installation stands, and what is forgotten of every tenant alike": (
        "cloud/core/webhooks/standing.py:standing",
        "cloud/core/webhooks/standing.py:discard_stale",
        "cloud/core/webhooks/standing.py:forget_delivered",
        "cloud/core/webhooks/standing.py:forget_endpoints",
    ),
    "of the caller itself, whom a token names": ("cloud/api/shared/handover_paper.py:_name",),
    "what the gateway's own rows name": (
        "cloud/core/devices/board_enrolments.py:_wanted",
        "cloud/core/devices/reports.py:_row",
    ),
    "a certificate says whose it is, and is compared octet by octet": (
        "cloud/core/devices/certificates.py:gateway_of_certificate",
    ),
    "a gateway that was found in the tenant; the command's id is made of such ids": (
        "cloud/core/devices/commands.py:queue",
        "cloud/core/devices/revocation.py:revoke",
    ),
    "an invitation names its tenant and a gateway of it": (
        "cloud/core/devices/invitations.py:_gateway",
    ),
    "an encounter or device whose readings were found in the tenant": (
        "cloud/core/encounters/claiming.py:note_rebound",
        "cloud/core/encounters/standing.py:_plain_since",
    ),
    "a connection is of one tenant, and what it is to be sent too": (
        "cloud/core/exchange/causes.py:queue",
        "cloud/core/exchange/connections.py:end",
        "cloud/core/exchange/following.py:_last_told",
        "cloud/core/exchange/placing.py:place",
        "cloud/core/exchange/placing.py:note_versions",
        "cloud/core/exchange/placing.py:placed",
        "cloud/core/exchange/deliveries.py:placed_by",
    ),
    "parts of a delivery that was found in the tenant, or is held by a lease": (
        "cloud/core/exchange/claiming.py:parts_of",
        "cloud/core/exchange/claiming.py:note_taken",
        "cloud/core/exchange/claiming.py:_held",
        "cloud/core/exchange/claiming.py:_delivery",
        "cloud/core/exchange/deliveries.py:replay",
        "cloud/exchange/last_sent.py:last_sent",
    ),
    "couriers carry for every tenant": ("cloud/core/exchange/claiming.py:_due",),
    "figures of the service, for its operator": ("cloud/core/exchange/deliveries.py:backlog",),
    "no two tenants have one name": ("cloud/core/identity/service.py:create_tenant",),
    "the conditions are made of the tenant by `_rows_of`": (
        "cloud/core/retention/erasing.py:_plan",
        "cloud/core/retention/erasing.py:_erase",
        "cloud/core/retention/erasing.py:_remove_parts",
    ),
    "the places were found in the tenant": (
        "cloud/core/retention/sweeping.py:_places",
        "cloud/core/retention/sweeping.py:_count",
        "cloud/core/retention/sweeping.py:_remove",
    ),
    "over a query that names the tenant": (
        "cloud/core/searching/equipment.py:measured_lately",
        "cloud/core/webhooks/deliveries.py:_newest",
    ),
    "a condition on patients that are found in the tenant": (
        "cloud/core/searching/patients.py:with_encounters",
    ),
    "pieces of a job that was found as the caller's own": ("cloud/core/jobs/service.py:piece_of",),
    "a subscription is of one tenant": (
        "cloud/core/subscriptions/pacing.py:add_event",
        "cloud/core/subscriptions/service.py:remove",
        "cloud/core/subscriptions/service.py:events_of",
    ),
    "notifying serves every tenant": (
        "cloud/core/subscriptions/pacing.py:claim",
        "cloud/core/subscriptions/pacing.py:end_over",
        "cloud/core/subscriptions/service.py:forget_events",
        "cloud/worker/notifications.py:_serve",
        "cloud/worker/notifications.py:_settle",
    ),
    "an endpoint is of one tenant, and what it is to be sent too": (
        "cloud/core/webhooks/deliveries.py:attempts_of",
        "cloud/core/webhooks/deliveries.py:replay",
        "cloud/core/webhooks/endpoints.py:remove",
    ),
}
OF_ONE_TENANT: Final = {where: why for why, places in _REASONS.items() for where in places}
"""Functions whose queries name no tenant, by the reason for it."""
