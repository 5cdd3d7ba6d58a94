"""Bundles of answers: a page of a search with its links, and a resource's history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from cloud.core.kernel.vault import Vault
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.patient import pseudonymised, restricted
from cloud.fhir.rest.cursors import Cursor, sealed
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.includes import included
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.query import CURSOR, Query
from cloud.fhir.rest.searching import count, find
from cloud.fhir.rest.subset import subset
from cloud.fhir.times import instant


def searchset(
    desk: Desk,
    vault: Vault,
    kind: Kind,
    query: Query,
    cursor: Cursor | None,
    kinds: Mapping[str, Kind],
) -> Element:
    """One page of a search."""
    if query.wants_count_only:
        total = count(desk, kind, query)
        return bundle(desk, total=total, links=[_self(desk, kind, query)], ignored=query.ignored)
    found = find(desk, kind, query, cursor, query.count)
    matches = [hit.resource for hit in found.hits]
    along = included(desk, kind, query, matches, kinds)
    links = [_self(desk, kind, query)]
    if found.following is not None:
        links.append(next_link(desk, vault, kind.name, kind.name, found.following))
    entries: list[JsonValue] = [
        *(entry(desk, subset(kind, query, one), "match") for one in matches),
        *(entry(desk, one, "include") for one in along),
    ]
    is_whole = cursor is None and found.following is None
    whole = len(matches) if is_whole else None
    if whole is None and query.total in ("accurate", "estimate"):
        whole = count(desk, kind, query)
    return bundle(desk, total=whole, links=links, entries=entries, ignored=query.ignored)


def history(desk: Desk, kind: Kind, versions: Sequence[Element]) -> Element:
    """The versions of one resource, newest first."""
    first = versions[0]
    entries: list[JsonValue] = []
    for one in versions:
        meta = one["meta"]
        told = meta if isinstance(meta, Mapping) else {}
        entries.append(
            {
                "fullUrl": f"{desk.base}/{kind.name}/{one['id']}",
                "resource": one,
                "request": {"method": "PUT", "url": f"{kind.name}/{one['id']}"},
                "response": {
                    "status": "200",
                    "etag": f'W/"{told.get("versionId", "")}"',
                    "lastModified": told.get("lastUpdated", ""),
                },
            }
        )
    url = f"{desk.base}/{kind.name}/{first['id']}/_history"
    return {
        "resourceType": "Bundle",
        "meta": _meta(desk),
        "type": "history",
        "total": len(entries),
        "link": [{"relation": "self", "url": url}],
        "entry": entries,
    }


def bundle(
    desk: Desk,
    *,
    total: int | None,
    links: Sequence[Element],
    entries: Sequence[JsonValue] = (),
    ignored: Sequence[str] = (),
) -> Element:
    """A searchset; what was not known or left out is told in an outcome of its own."""
    warnings = [f"The parameter {name[:40]} is not known here." for name in ignored]
    told = [_warning(text) for text in dict.fromkeys([*warnings, *desk.warnings])]
    outcome: list[JsonValue] = []
    if told:
        resource: Element = {"resourceType": "OperationOutcome", "issue": told}
        outcome = [{"resource": resource, "search": {"mode": "outcome"}}]
    return element(
        resourceType="Bundle",
        meta=_meta(desk),
        type="searchset",
        total=total,
        link=list(links),
        entry=[*entries, *outcome],
    )


def _meta(desk: Desk) -> Element:
    label = restricted() if desk.identified else pseudonymised()
    return {"lastUpdated": instant(desk.work.now), "security": label}


def entry(desk: Desk, resource: Element, mode: str) -> Element:
    """One resource of a searchset."""
    url = f"{desk.base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def _warning(text: str) -> Element:
    return {"severity": "warning", "code": "incomplete", "diagnostics": text}


def _self(desk: Desk, kind: Kind, query: Query) -> Element:
    asked = f"?{urlencode(query.sent)}" if query.sent else ""
    return {"relation": "self", "url": f"{desk.base}/{kind.name}{asked}"}


def next_link(desk: Desk, vault: Vault, path: str, list_name: str, cursor: Cursor) -> Element:
    """Where the next page is."""
    text = sealed(vault, desk.principal, list_name, cursor)
    return {"relation": "next", "url": f"{desk.base}/{path}?{CURSOR}={text}"}
