"""`vitalwire-cloud operations`: which applications may run which curated GraphQL operations."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from cloud.app.parts import Parts
from cloud.core.curation.bundles import Bundle, bundle, bundles
from cloud.core.curation.grants import grant_bundle, granted, take_back_bundle
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from cloud.app.arguments import Acts


def add_operation_commands(acts: Acts) -> None:
    """`operations` and its acts."""
    acts.add_parser("list", help="print the bundles there are, one JSON object a line")
    acts.add_parser("granted", help="print what an application was granted")
    acts.add_parser("grant", help="let an application run a bundle's operations")
    acts.add_parser("take-back", help="end that at once")
    one = acts.add_parser("show", help="print a bundle with its documents, for its integrator")
    one.add_argument("bundle", metavar="NAME", help="the bundle's name")
    for name, parser in acts.choices.items():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose applications")
        if name in ("granted", "grant", "take-back"):
            parser.add_argument("client", metavar="ID", help="the application's id")
        if name in ("grant", "take-back"):
            parser.add_argument("bundle", metavar="NAME", help="the bundle's name")
        if name in ("show", "grant", "take-back"):
            parser.add_argument(
                "--version", type=int, metavar="N", help="the newest, or all of them to take back"
            )


def run_operation_command(
    _parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    if given.act == "list":
        return [json.dumps(_summary(one)) for one in bundles()]
    if given.act == "show":
        return [json.dumps(_whole(bundle(given.bundle, given.version)), indent=1)]
    if given.act == "granted":
        rows = granted(work, caller, given.client)
        return [f"{row.bundle} {row.version}" for row in rows]
    if given.act == "grant":
        row = grant_bundle(work, caller, given.client, given.bundle, given.version, kind=None)
        return [f"{row.client_id} may run {row.bundle} {row.version}"]
    ended = take_back_bundle(work, caller, given.client, given.bundle, given.version, kind=None)
    return [f"{given.client} may run {given.bundle} no longer ({ended} grants ended)"]


def _summary(one: Bundle) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "purpose": one.purpose,
        "documents": [document.id for document in one.documents],
    }


def _whole(one: Bundle) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "documents": [
            {
                "id": document.id,
                "documentId": document.read.document_id,
                "required_scopes": list(document.required_scopes),
                "text": document.text,
            }
            for document in one.documents
        ],
    }
