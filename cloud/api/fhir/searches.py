"""One search or read of one caller: from what was sent to the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.responses import Response

from cloud.api.fhir.answers import BASE_PATH, fhir, is_strict
from cloud.api.fhir.callers import READ
from cloud.api.fhir.documentation import FORM
from cloud.api.shared.errors import BodyRefusedError
from cloud.api.shared.services import Services
from cloud.core.authorization.facilities import facility_of
from cloud.core.kernel import audit
from cloud.core.kernel.errors import BadValueError, MalformedError, NotFoundError, UnsupportedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.searching import encounters
from cloud.fhir.json import Element
from cloud.fhir.rest.cursors import Cursor, opened
from cloud.fhir.rest.desk import Desk, may, sees_all
from cloud.fhir.rest.ids import is_id
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.query import CURSOR, FORMAT, MOST_PARAMETERS, MOST_TEXT, Query, parse
from cloud.fhir.rest.registry import BY_NAME
from cloud.fhir.rest.searchset import searchset

Pairs = list[tuple[str, str]]
_OURS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[cfmpsv]-")
_BESIDE_CURSOR: Final = frozenset((CURSOR, FORMAT, "_pretty"))


def desk_of(services: Services, work: UnitOfWork, caller: Principal) -> Desk:
    """What this caller's answers are made of."""
    facility = None if sees_all(caller) else facility_of(work, caller) or ""
    return Desk(
        work=work,
        vault=services.vault,
        principal=caller,
        within=() if facility is None else (encounters.brought_to(facility),),
        base=f"{services.tokens.policy.issuer}{BASE_PATH}",
        may_read=lambda kind: may(caller, kind, READ),
    )


async def form_pairs(request: Request) -> Pairs:
    """The parameters of a search that is posted, those of the address among them."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != FORM:
        raise BodyRefusedError(UnsupportedError("unsupported_media_type", f"Send {FORM}."))
    body = await request.body()
    if len(body) > MOST_TEXT * 3:
        raise BadValueError("query_too_long", f"Send at most {MOST_TEXT} characters.")
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            max_num_fields=MOST_PARAMETERS,
            errors="strict",
        )
    except (ValueError, UnicodeDecodeError) as exc:
        raise MalformedError("malformed_form", "Send a form in UTF-8.") from exc
    return [*request.query_params.multi_items(), *pairs]


def answer(
    request: Request,
    services: Services,
    work: UnitOfWork,
    caller: Principal,
    kind: Kind,
    pairs: Sequence[tuple[str, str]],
) -> Response:
    """A page of a search; it is audited by the ids it names."""
    desk = desk_of(services, work, caller)
    cursor = cursor_of(services, caller, kind.name, pairs)
    query = _query(desk, kind, pairs if cursor is None else cursor.sent, strict=is_strict(request))
    bundle = searchset(desk, services.vault, kind, query, cursor, BY_NAME)
    note(desk, "search", kind.name, _about(query))
    return fhir(bundle)


def _query(desk: Desk, kind: Kind, pairs: Sequence[tuple[str, str]], *, strict: bool) -> Query:
    parameters, sorts, base = kind.by_name, kind.sorts, desk.base
    if not kind.is_exact:
        return parse(pairs, parameters, sorts=sorts, base=base, is_strict=strict)
    advice = f"{kind.name} is searched by {', '.join(parameters)} alone, in either handling."
    return parse(pairs, parameters, sorts=sorts, base=base, is_strict=True, advice=advice)


def cursor_of(
    services: Services, caller: Principal, list_name: str, pairs: Sequence[tuple[str, str]]
) -> Cursor | None:
    """Where a page begins, None for the first; the cursor holds the whole search."""
    texts = [text for name, text in pairs if name == CURSOR]
    if not texts:
        return None
    if len(texts) > 1 or any(name not in _BESIDE_CURSOR for name, _ in pairs):
        raise MalformedError("invalid_cursor", "Follow the links of a page as they are.")
    return opened(services.vault, caller, list_name, texts[0])


def _about(query: Query) -> str:
    """What the audit says of a search: the ids it names, never another value.

    An id is one as we give them: who asks by a number of the patient's has not named one.
    """
    names = ("_id", "encounter", "context", "patient", "subject", "device")
    told = [text for name, text in query.sent if name.partition(":")[0] in names]
    ids = [one.rpartition("/")[2] for text in told for one in text.split(",")]
    return ",".join(one for one in ids if is_id(one) and _OURS.match(one))[:80] or "*"


def note(desk: Desk, action: str, kind: str, about: str, *, version: str = "") -> None:
    """Audit an access, and each encounter whose patient the answer names."""
    words = f"version {version}"[:80] if version else ""
    audit.record(desk.work, desk.principal, action, kind, about, note=words)
    for encounter_id in desk.identified:
        audit.record(desk.work, desk.principal, "read-identified", "encounter", encounter_id)


def found_of(desk: Desk, kind: Kind, identity: str) -> Element:
    """The resource of an id; NotFoundError for one that is absent or another tenant's."""
    found = kind.read(desk, identity) if is_id(identity) else None
    if found is None:
        raise absent(kind)
    return found


def absent(kind: Kind) -> NotFoundError:
    """The one answer to every id that is not the caller's."""
    return NotFoundError("resource_not_found", f"There is no such {kind.name} of your service.")


def version_of(resource: Element) -> str:
    """The version a resource bears."""
    meta = resource["meta"]
    return str(meta["versionId"]) if isinstance(meta, Mapping) else ""
