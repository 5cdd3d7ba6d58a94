"""Items of the registries: register, change, move on and list, for whichever registry it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import tuple_

from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.registries.kinds import Registry
from cloud.core.registries.tables import RegistryItemRow


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """What is to be registered."""

    name: str
    description: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """What becomes different; None stays. Of the attributes those named are set, those that are
    None are taken away.
    """

    name: str | None = None
    description: str | None = None
    attributes: Mapping[str, str | None] | None = None


def register(
    work: UnitOfWork, caller: Principal, registry: Registry, wanted: NewItem
) -> RegistryItemRow:
    """A new item; DuplicateError `name_taken`, InvalidError `invalid_attributes`."""
    name = checked_name(wanted.name)
    _check_attributes(registry, wanted.attributes)
    _check_free(work, caller, registry, name)
    row = RegistryItemRow(
        item_id=new_id(registry.prefix),
        tenant_id=caller.tenant_id,
        kind=registry.path,
        name=name,
        description=wanted.description,
        attributes=dict(wanted.attributes),
        status=registry.first,
        version=1,
        created_at=work.now,
        created_by=caller.user_id or caller.client_id,
        updated_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, caller, "registry.added", registry.noun, row.item_id)
    return row


def change(
    work: UnitOfWork, caller: Principal, registry: Registry, item_id: str, wanted: ItemChange
) -> RegistryItemRow:
    """Describe it otherwise; ConflictError `item_ended`, and as `register`. What says nothing new
    makes no new version.
    """
    row = find(work, caller, registry, item_id, to_change=True)
    if registry.is_over(row.status):
        raise ConflictError("item_ended", f"It is {row.status}. Register another one.")
    before = _described(row)
    if wanted.name is not None and (name := checked_name(wanted.name)) != row.name:
        _check_free(work, caller, registry, name)
        row.name = name
    if wanted.description is not None:
        row.description = wanted.description
    if wanted.attributes is not None:
        merged = {**row.attributes, **wanted.attributes}
        attributes = {name: value for name, value in merged.items() if value is not None}
        _check_attributes(registry, attributes)
        row.attributes = attributes
    if _described(row) != before:
        _count(work, row)
        audit.record(work, caller, "registry.changed", registry.noun, item_id)
    return row


def move(
    work: UnitOfWork, caller: Principal, registry: Registry, item_id: str, status: str
) -> RegistryItemRow:
    """Let it go on to another status; InvalidError `unknown_status`, ConflictError
    `status_not_next`.
    """
    if status not in registry.statuses:
        raise InvalidError(
            "unknown_status",
            "Use a status of this registry.",
            details={"fields": ["status"], "allowed": list(registry.statuses)},
        )
    row = find(work, caller, registry, item_id, to_change=True)
    following = registry.moves[row.status]
    if status not in following:
        raise ConflictError(
            "status_not_next",
            f"It is {row.status}.",
            details={"status": row.status, "allowed": list(following)},
        )
    row.status = status
    _count(work, row)
    audit.record(work, caller, "registry.moved", registry.noun, item_id, note=status)
    return row


def find(
    work: UnitOfWork,
    caller: Principal,
    registry: Registry,
    item_id: str,
    *,
    to_change: bool = False,
) -> RegistryItemRow:
    """One item of the caller's tenant; NotFoundError otherwise. `to_change` keeps others from
    changing it meanwhile.
    """
    statement = scoped(caller, RegistryItemRow).where(
        RegistryItemRow.kind == registry.path, RegistryItemRow.item_id == item_id
    )
    if to_change:
        statement = statement.with_for_update()
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError(f"{registry.noun}_not_found", "Use an id of your organisation's.")
    return row


def listing(
    work: UnitOfWork,
    caller: Principal,
    registry: Registry,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
    status: str | None = None,
) -> list[RegistryItemRow]:
    """The tenant's items by age; InvalidError `unknown_status`."""
    statement = scoped(caller, RegistryItemRow).where(RegistryItemRow.kind == registry.path)
    if status is not None:
        if status not in registry.statuses:
            raise InvalidError(
                "unknown_status",
                "Use a status of this registry.",
                details={"fields": ["query.status"], "allowed": list(registry.statuses)},
            )
        statement = statement.where(RegistryItemRow.status == status)
    if after is not None:
        place = tuple_(RegistryItemRow.created_at, RegistryItemRow.item_id)
        statement = statement.where(place > tuple_(*after))
    order = (RegistryItemRow.created_at, RegistryItemRow.item_id)
    return list(work.session.scalars(statement.order_by(*order).limit(limit)))


def _described(row: RegistryItemRow) -> tuple[str, str, dict[str, str]]:
    return row.name, row.description, dict(row.attributes)


def _count(work: UnitOfWork, row: RegistryItemRow) -> None:
    row.version += 1
    row.updated_at = work.now
    work.session.flush()


def _check_free(work: UnitOfWork, caller: Principal, registry: Registry, name: str) -> None:
    taken = scoped(caller, RegistryItemRow).where(
        RegistryItemRow.kind == registry.path, RegistryItemRow.name == name
    )
    if work.session.scalars(taken).first() is not None:
        raise DuplicateError("name_taken", "Choose a name this registry does not have yet.")


def _check_attributes(registry: Registry, given: Mapping[str, str]) -> None:
    known = {one.name: one for one in registry.attributes}
    # An unknown name is the caller's text: it comes back shortened.
    wrong = [f"attributes.{name[:40]}" for name in given if name not in known]
    wrong += [
        f"attributes.{one.name}"
        for one in registry.attributes
        if (one.name in given or one.is_required) and not one.admits(given.get(one.name, ""))
    ]
    if wrong:
        raise InvalidError(
            "invalid_attributes",
            "Correct the attributes in details.fields.",
            details={
                "fields": sorted(wrong)[:20],
                "attributes": {one.name: one.words for one in registry.attributes},
            },
        )
