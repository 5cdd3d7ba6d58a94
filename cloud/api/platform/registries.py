"""The control plane: every registry at its address, and behind each the same five operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.platform.registry_models import (
    RegistryItemChange,
    RegistryItemModel,
    RegistryItemRequest,
    RegistryItemsModel,
    RegistryStatusRequest,
    item_model,
)
from cloud.api.shared.authentication import PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import check_match, tagged
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime, page_json
from cloud.api.shared.reviewed import ReviewedAccess
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.api.shared.unknown_paths import refuse_unknown
from cloud.core.entitlements.access import CONTROL_PLANE
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.registries import items
from cloud.core.registries.items import ItemChange, NewItem
from cloud.core.registries.kinds import REGISTRIES, Registry
from cloud.core.registries.tables import RegistryItemRow

router = APIRouter(
    prefix="/api/v1/platform",
    tags=["Control plane"],
    route_class=StrictRoute,
    dependencies=[Depends(counted), Depends(ReviewedAccess(CONTROL_PLANE))],
)

Endpoint = Callable[..., Response]
StatusWanted = Annotated[str | None, Query(max_length=40, description="Only in this status.")]


def _register(registry: Registry) -> Endpoint:
    def register(
        request: Request, body: RegistryItemRequest, caller: PlatformAdmin, work: Work
    ) -> Response:
        def produce() -> tuple[int, RegistryItemModel]:
            return 201, _model(
                registry, items.register(work, caller, registry, NewItem(**body.model_dump()))
            )

        return answer_once(request, work, caller, body, produce)

    return register


def _list(registry: Registry) -> Endpoint:
    def list_items(
        caller: PlatformAdmin,
        work: Work,
        services: AllServices,
        status: StatusWanted = None,
        limit: Limit = FIRST_LIMIT,
        cursor: Cursor = None,
    ) -> Response:
        wanted = PageByTime(services.cursors, caller, registry.path, limit, cursor)
        rows = items.listing(
            work, caller, registry, limit=limit + 1, after=wanted.after(), status=status
        )
        page = wanted.of(rows, lambda row: (row.created_at, row.item_id))
        document = RegistryItemsModel(
            items=[_model(registry, row) for row in page.items], next_cursor=page.next_cursor
        )
        return page_json(document)

    return list_items


def _show(registry: Registry) -> Endpoint:
    def show(item_id: str, caller: PlatformAdmin, work: Work) -> Response:
        return tagged(_model(registry, items.find(work, caller, registry, item_id)))

    return show


def _change(registry: Registry) -> Endpoint:
    def change(
        request: Request,
        item_id: str,
        body: RegistryItemChange,
        caller: PlatformAdmin,
        work: Work,
    ) -> Response:
        _check_match(request, work, caller, registry, item_id)
        wanted = ItemChange(**body.model_dump())
        return tagged(_model(registry, items.change(work, caller, registry, item_id, wanted)))

    return change


def _move(registry: Registry) -> Endpoint:
    def move(
        request: Request,
        item_id: str,
        body: RegistryStatusRequest,
        caller: PlatformAdmin,
        work: Work,
    ) -> Response:
        def produce() -> tuple[int, RegistryItemModel]:
            _check_match(request, work, caller, registry, item_id)
            return 200, _model(registry, items.move(work, caller, registry, item_id, body.status))

        return answer_once(request, work, caller, body, produce)

    return move


def _check_match(
    request: Request, work: UnitOfWork, caller: Principal, registry: Registry, item_id: str
) -> None:
    row = items.find(work, caller, registry, item_id, to_change=True)
    check_match(request, _model(registry, row))


def _model(registry: Registry, row: RegistryItemRow) -> RegistryItemModel:
    return item_model(row, registry.moves[row.status])


def _told(registry: Registry) -> str:
    """What an item is described by, for the API's description."""
    lines = [
        f"`{one.name}`{'' if one.is_required else ' (may be left out)'}: {one.words}"
        for one in registry.attributes
    ]
    return f"{registry.words} Attributes: {'; '.join(lines)}."


_ITEM: Final[dict[str, Any]] = {"response_model": RegistryItemModel}
for _registry in REGISTRIES:
    _noun, _words = _registry.noun, _registry.noun.replace("_", " ")
    _one = f"/{_registry.path}/{{item_id}}"
    router.add_api_route(
        f"/{_registry.path}",
        _list(_registry),
        methods=["GET"],
        response_model=RegistryItemsModel,
        responses=errors(400, 422, 429),
        summary=f"The tenant's {_words}s",
        description=f"By age. Statuses: {', '.join(_registry.statuses)}.",
        name=f"list_{_noun}s",
    )
    router.add_api_route(
        f"/{_registry.path}",
        _register(_registry),
        methods=["POST"],
        status_code=201,
        responses=errors(400, 409, 413, 415, 422, 429),
        summary=f"Register a {_words}",
        description=_told(_registry),
        name=f"register_{_noun}",
        **_ITEM,
    )
    router.add_api_route(
        _one,
        _show(_registry),
        methods=["GET"],
        responses=errors(404, 429),
        summary=f"One {_words}",
        description="Its ETag names the state it is in.",
        name=f"get_{_noun}",
        **_ITEM,
    )
    router.add_api_route(
        _one,
        _change(_registry),
        methods=["PATCH"],
        responses=errors(400, 404, 409, 412, 413, 415, 422, 429),
        summary=f"Describe a {_words} otherwise",
        description="What is left out stays; one that has ended is changed no more.",
        name=f"change_{_noun}",
        **_ITEM,
    )
    router.add_api_route(
        f"{_one}/status",
        _move(_registry),
        methods=["POST"],
        responses=errors(400, 404, 409, 412, 413, 415, 422, 429),
        summary=f"Move a {_words} on",
        description=" ".join(
            f"{status} → {', '.join(following) or 'the end'}."
            for status, following in _registry.moves.items()
        ),
        name=f"move_{_noun}",
        **_ITEM,
    )


@router.api_route(
    "/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
)
def nothing_there(request: Request) -> Response:
    """Who was not let in learns of no address whether there is anything."""
    refuse_unknown(request)
