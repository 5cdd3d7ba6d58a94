"""`vitalwire-cloud keys`: the signing keys belong to the installation, not to one tenant."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from cloud.app.parts import Parts
from cloud.core.authorization.key_rotation import all_keys, retire_key, rotate_keys, status_of
from cloud.core.authorization.tables import SigningKeyRow
from cloud.core.kernel import audit
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from cloud.app.arguments import Acts


def add_key_commands(acts: Acts) -> None:
    """`keys` and its acts."""
    acts.add_parser("list", help="print the signing keys, one JSON object a line")
    acts.add_parser("rotate", help="sign with new keys; the old ones verify for a while")
    one = acts.add_parser("retire", help="end a key at once, with every token it signed")
    one.add_argument("kid", metavar="KID", help="the key's id, as `keys list` has it")


def run_key_command(parts: Parts, given: argparse.Namespace) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    operator = service_principal(audit.INSTALLATION, "operator")
    with parts.database.begin(now=parts.clock()) as work:
        if given.act == "rotate":
            made = rotate_keys(work, parts.vault, operator, is_operator=True)
            return [f"{row.kid}  {row.algorithm}  signs from now on" for row in made]
        if given.act == "retire":
            retire_key(work, operator, given.kid)
            return [f"{given.kid} is retired: every token it signed is void"]
        return [json.dumps(_line(work, row)) for row in all_keys(work)]


def _line(work: UnitOfWork, row: SigningKeyRow) -> dict[str, object]:
    return {
        "kid": row.kid,
        "algorithm": row.algorithm,
        "status": status_of(row, work),
        "created_at": row.created_at.isoformat(),
        "retiring_at": row.retiring_at and row.retiring_at.isoformat(),
        "retired_at": row.retired_at and row.retired_at.isoformat(),
    }
