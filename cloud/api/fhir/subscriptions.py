"""/fhir/R4/Subscription: who wants to be told; each client sees its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.fhir.answers import BASE_PATH, check_format, fhir, is_strict, versioned
from cloud.api.fhir.callers import READ, SubscriptionRequirement
from cloud.api.fhir.documentation import FHIR_ANSWER, RESOURCE_BODY, plain_parameters
from cloud.api.fhir.searches import desk_of
from cloud.api.shared.answers import FHIR_MEDIA_TYPE, JSON_MEDIA_TYPE
from cloud.api.shared.documentation import errors
from cloud.api.shared.errors import BodyRefusedError
from cloud.api.shared.services import AllServices, Services, Work
from cloud.core.kernel import audit
from cloud.core.kernel.errors import (
    ForbiddenError,
    InvalidError,
    MalformedError,
    NotFoundError,
    UnsupportedError,
)
from cloud.core.kernel.exact_json import ExactJsonError, loads
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.outbound import OutboundError, check_endpoint
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.subscriptions import service
from cloud.core.subscriptions.service import Wanted
from cloud.core.subscriptions.tables import SubscriptionRow
from cloud.fhir.json import Element, JsonValue
from cloud.fhir.rest.desk import may
from cloud.fhir.rest.ids import public
from cloud.fhir.rest.notification import QUERY_EVENT, QUERY_STATUS, notification, status
from cloud.fhir.rest.parameters import Parameter, string, token
from cloud.fhir.rest.query import Query, parse
from cloud.fhir.rest.registry import BY_NAME
from cloud.fhir.rest.searchset import bundle, entry
from cloud.fhir.rest.subscription import CONTENTS, kept_headers, subscription
from cloud.fhir.rest.subscription import parse as parse_subscription

router = APIRouter(
    prefix=f"{BASE_PATH}/Subscription", tags=["FHIR R4"], dependencies=[Depends(check_format)]
)

MOST_EVENTS: Final = 100
_OWNING: Final = SubscriptionRequirement()
_PARAMETERS: Final[dict[str, Parameter]] = {
    one.name: one
    for one in (
        token("_id", "The logical id."),
        token("status", "requested, active, error or off."),
        string("url", "The endpoint."),
    )
}


async def body_of(request: Request) -> Any:  # noqa: ANN401 - JSON has any shape
    """The body as FHIR JSON in UTF-8."""
    sent = request.headers.get("content-type", "")
    kind, _, rest = sent.lower().partition(";")
    charset = rest.partition("charset=")[2].strip().strip('"') or "utf-8"
    if kind.strip() not in (FHIR_MEDIA_TYPE, JSON_MEDIA_TYPE) or charset not in ("utf-8", "utf8"):
        raise BodyRefusedError(
            UnsupportedError("unsupported_media_type", f"Send {FHIR_MEDIA_TYPE} in UTF-8.")
        )
    try:
        return loads(await request.body())
    except ExactJsonError as exc:
        raise MalformedError("malformed_json", f"Send valid JSON: {exc}.") from exc


@router.post(
    "",
    status_code=201,
    response_class=Response,
    responses={201: FHIR_ANSWER[200], **errors(400, 406, 409, 413, 415, 422)},
    summary="Subscribe to a topic",
    openapi_extra={"requestBody": RESOURCE_BODY},
)
def create(
    body: Annotated[object, Depends(body_of)],
    work: Work,
    services: AllServices,
    caller: Principal = Depends(_OWNING),
) -> Response:
    """It is greeted by a handshake next, and active once that is taken."""
    wanted = _wanted(services, caller, body)
    row = service.create(work, services.vault, caller, wanted, base=_base(services))
    answer = fhir(_shown(services, row))
    answer.status_code = 201
    answer.headers["Location"] = f"{row.base}/Subscription/{_shown(services, row)['id']}"
    answer.headers["ETag"] = f'W/"{row.version}"'
    return answer


@router.get(
    "",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(400, 406)},
    summary="Search Subscription",
    openapi_extra={"parameters": plain_parameters(_PARAMETERS.values())},
)
def search(
    request: Request,
    work: Work,
    services: AllServices,
    caller: Principal = Depends(_OWNING),
) -> Response:
    """The caller's own, all on one page."""
    pairs = request.query_params.multi_items()
    desk = desk_of(services, work, caller)
    query = parse(pairs, _PARAMETERS, sorts=(), base=desk.base, is_strict=is_strict(request))
    rows = [row for row in service.listing(work, caller) if _fits(query, row)]
    audit.record(work, caller, "search", "Subscription", "*")
    entries = [entry(desk, _shown(services, row), "match") for row in rows]
    links: list[Element] = [{"relation": "self", "url": f"{desk.base}/Subscription"}]
    return fhir(bundle(desk, total=len(rows), links=links, entries=entries, ignored=query.ignored))


@router.get(
    "/$status",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(406)},
    summary="The status of all one's subscriptions",
)
def status_of_all(
    work: Work, services: AllServices, caller: Principal = Depends(_OWNING)
) -> Response:
    """A searchset of Parameters."""
    return _statuses(services, work, caller, service.listing(work, caller))


@router.get(
    "/{id}",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(404, 406)},
    summary="Read Subscription",
)
def read(
    request: Request,
    id: str,
    work: Work,
    services: AllServices,
    caller: Principal = Depends(_OWNING),
) -> Response:
    """Of its headers only the names are told."""
    row = _found(work, caller, id)
    audit.record(work, caller, "read", "Subscription", row.subscription_id)
    return versioned(request, _shown(services, row))


@router.put(
    "/{id}",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(400, 404, 406, 409, 412, 413, 415, 422, 428)},
    summary="Change a subscription, or switch it off",
    openapi_extra={"requestBody": RESOURCE_BODY},
)
def update(
    request: Request,
    id: str,
    body: Annotated[object, Depends(body_of)],
    work: Work,
    services: AllServices,
    caller: Principal = Depends(_OWNING),
) -> Response:
    """With the version it is made to in If-Match; it is greeted anew."""
    # Before anything is read: the endpoint's name may take its time, and no lock waits for it.
    wanted = _wanted(services, caller, body)
    row = _found(work, caller, id, to_change=True)
    given = request.headers.get("if-match")
    if given is None:
        raise HTTPException(428)
    if given.strip().removeprefix("W/").strip('"') != str(row.version):
        raise HTTPException(412)
    if isinstance(body, dict) and body.get("id", id) != id:
        raise InvalidError(
            "invalid_resource",
            "Send the id of the address.",
            details={"fields": [{"field": "body.id", "rule": "differs"}]},
        )
    held = service.headers_of(services.vault, row)
    wanted = replace(wanted, headers=kept_headers(wanted.headers, held))
    service.change(work, services.vault, caller, row, wanted)
    return versioned(request, _shown(services, row))


@router.delete(
    "/{id}",
    status_code=204,
    response_class=Response,
    responses=errors(404, 406),
    summary="End a subscription",
)
def remove(id: str, work: Work, caller: Principal = Depends(_OWNING)) -> Response:
    """With everything it was told."""
    service.remove(work, caller, _found(work, caller, id, to_change=True))
    return Response(status_code=204)


@router.get(
    "/{id}/$status",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(404, 406)},
    summary="How a subscription stands",
)
def status_of_one(
    id: str, work: Work, services: AllServices, caller: Principal = Depends(_OWNING)
) -> Response:
    """A searchset of one Parameters."""
    return _statuses(services, work, caller, [_found(work, caller, id)])


@router.get(
    "/{id}/$events",
    response_class=Response,
    responses={**FHIR_ANSWER, **errors(400, 404, 406)},
    summary="Events of a subscription, told again",
    openapi_extra={
        "parameters": plain_parameters(
            token(name, says)
            for name, says in (
                ("eventsSinceNumber", "The first number wanted."),
                ("eventsUntilNumber", "The last number wanted."),
                ("content", "empty, id-only or full-resource."),
            )
        )
    },
)
def events(
    request: Request,
    id: str,
    work: Work,
    services: AllServices,
    caller: Principal = Depends(_OWNING),
) -> Response:
    """At most a hundred, of the last thirty days."""
    row = _found(work, caller, id)
    since = _number(request, "eventsSinceNumber", 1)
    until = _number(request, "eventsUntilNumber", row.events)
    content = request.query_params.get("content", row.content)
    if content not in CONTENTS:
        raise MalformedError("invalid_value", f"Ask for one of {', '.join(CONTENTS)}.")
    told = service.events_of(work, row, after=since - 1, through=until, limit=MOST_EVENTS)
    desk = desk_of(services, work, caller)
    answer = notification(desk, row, QUERY_EVENT, told, content=content)
    audit.record(work, caller, "events", "Subscription", row.subscription_id)
    for encounter_id in desk.identified:
        audit.record(work, caller, "read-identified", "encounter", encounter_id)
    return fhir(answer)


def _wanted(
    services: Services,
    caller: Principal,
    body: object,
) -> Wanted:
    """What the body asks for, once it may be asked and can be done."""
    if not may(caller, "Encounter", READ):
        raise ForbiddenError(
            "insufficient_scope",
            "Ask for a scope to read encounters too.",
            details={"required": ["system/Encounter.rs"]},
        )
    wanted = parse_subscription(body, base=_base(services))
    try:
        check_endpoint(wanted.endpoint, services.outbound)
    except OutboundError as exc:
        raise InvalidError(
            "address_refused",
            f"Give another endpoint: {exc}.",
            details={"fields": [{"field": "body.channel.endpoint", "rule": "address"}]},
        ) from exc
    if wanted.criteria:
        kind = BY_NAME["Encounter"]
        pairs = parse_qsl(wanted.criteria.partition("?")[2], keep_blank_values=True)
        parse(pairs, kind.by_name, sorts=(), base=_base(services), is_strict=True)
    return wanted


def _found(
    work: UnitOfWork, caller: Principal, identity: str, *, to_change: bool = False
) -> SubscriptionRow:
    found = public("sub", identity)
    if found is None:
        raise NotFoundError("resource_not_found", "There is no such Subscription of yours.")
    return service.find(work, caller, found, to_change=to_change)


def _statuses(
    services: Services, work: UnitOfWork, caller: Principal, rows: Sequence[SubscriptionRow]
) -> Response:
    desk = desk_of(services, work, caller)
    audit.record(work, caller, "status", "Subscription", "*")
    told = [status(row, QUERY_STATUS, base=desk.base) for row in rows]
    entries: list[JsonValue] = [
        {"fullUrl": f"urn:uuid:{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in told
    ]
    links: list[Element] = [{"relation": "self", "url": f"{desk.base}/Subscription/$status"}]
    return fhir(bundle(desk, total=len(told), links=links, entries=entries))


def _fits(query: Query, row: SubscriptionRow) -> bool:
    told = {
        "_id": str(uuid_of(row.subscription_id)),
        "status": row.status,
        "url": row.endpoint,
    }
    return all(
        told[one.name] in {token.code for token in one.tokens} | set(one.texts)
        for one in query.criteria
    )


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise MalformedError("invalid_value", f"Send a whole number as {name}.")
    return int(text)


def _shown(services: Services, row: SubscriptionRow) -> Element:
    return subscription(row, service.headers_of(services.vault, row))


def _base(services: Services) -> str:
    return f"{services.tokens.policy.issuer}{BASE_PATH}"
