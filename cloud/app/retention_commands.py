"""`vitalwire-cloud retention | erase`: how long what is kept, holds, and what is to go at once."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from cloud.app.parts import Parts, retention_policy
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.retention import erasing, holds, sweeping
from cloud.core.retention.policies import (
    LONGEST,
    WantedPolicy,
    change_policy,
    policy_of,
    wanted_of,
)
from cloud.core.retention.tables import LegalHoldRow

if TYPE_CHECKING:
    from cloud.app.arguments import Acts

_KINDS = ("waveform", "reading", "record")


def add_retention_commands(acts: Acts) -> None:
    """`retention` and its acts."""
    acts.add_parser("show", help="print the policy, and how much is older: what would go now")
    one = acts.add_parser("set", help="say how long what is kept")
    for kind in _KINDS:
        one.add_argument(
            f"--{kind}-days",
            type=_days,
            metavar="DAYS",
            help=f"{kind}s; 0: for ever, `standard`: as the installation, absent: as before",
        )
    acts.add_parser("sweep", help="take away a portion of what is older now, as the worker does")
    acts.add_parser("holds", help="print the legal holds, one JSON object a line")
    one = acts.add_parser("hold", help="keep an encounter or a patient's from being erased")
    _add_subject(one)
    one.add_argument("--reason", required=True, help="why; name no person")
    acts.add_parser("lift", help="lift a legal hold").add_argument("hold", metavar="ID")
    for parser in acts.choices.values():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose")


def add_erase_commands(acts: Acts) -> None:
    """`erase` and its acts."""
    for act, words in (
        ("encounter", "erase all that is known of an encounter"),
        ("patient", "erase a patient and all their encounters"),
    ):
        one = acts.add_parser(act, help=words)
        one.add_argument("subject", metavar="ID")
        one.add_argument("--reason", required=True, help="why; name no person")
        one.add_argument("--dry-run", action="store_true", help="only say what would go")
        one.add_argument("--tenant", required=True, metavar="ID", help="whose")


def run_retention_command(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    standard = retention_policy(parts.settings)
    if given.act == "holds":
        return [_hold(row) for row in holds.holds(work, caller)]
    if given.act == "hold":
        subject = {"encounter_id": given.encounter, "patient_id": given.patient}
        return [_hold(holds.place_hold(work, caller, **subject, reason=given.reason))]
    if given.act == "lift":
        return [_hold(holds.lift_hold(work, caller, given.hold))]
    if given.act == "sweep":
        swept = sweeping.sweep(work, caller.tenant_id, standard)
        return [json.dumps(asdict(swept))]
    if given.act == "set":
        own = asdict(wanted_of(work, caller.tenant_id))
        for kind in _KINDS:
            days = getattr(given, f"{kind}_days")
            if days is not None:
                own[f"{kind}_days"] = None if days < 0 else days
        change_policy(work, caller, WantedPolicy(**own), standard)
        work.session.flush()
    policy = policy_of(work, caller.tenant_id, standard)
    due = sweeping.due(work, caller.tenant_id, standard)
    return [json.dumps({**asdict(policy), "due": asdict(due)})]


def run_erase_command(
    _parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    made = erasing.erase(
        work,
        caller,
        encounter_id=given.subject if given.act == "encounter" else None,
        patient_id=given.subject if given.act == "patient" else None,
        reason=given.reason,
        is_trial=given.dry_run,
    )
    return [json.dumps({"dry_run": given.dry_run, **asdict(made)})]


def _add_subject(parser: argparse.ArgumentParser) -> None:
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--encounter", metavar="ID")
    subject.add_argument("--patient", metavar="ID")


def _days(text: str) -> int:
    """Whole days, -1 for the installation's."""
    if text == "standard":
        return -1
    if not (text.isdecimal() and int(text) <= LONGEST):
        raise argparse.ArgumentTypeError(f"write 0 to {LONGEST} days, or standard")
    return int(text)


def _hold(row: LegalHoldRow) -> str:
    return json.dumps(
        {
            "hold_id": row.hold_id,
            "encounter_id": row.encounter_id,
            "patient_id": row.patient_id,
            "reason": row.reason,
            "placed_at": row.placed_at.isoformat(),
            "lifted_at": row.lifted_at.isoformat() if row.lifted_at else None,
        }
    )
