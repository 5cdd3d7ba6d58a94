"""Whether a connection works: the same guard, door and network as a delivery, without a patient."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

from cloud.core.exchange.connections import MLLP
from cloud.core.exchange.tables import ConnectionRow
from cloud.core.exchange.verdicts import Outcome, Verdict
from cloud.core.kernel.outbound import Call, OutboundPolicy
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock
from cloud.exchange.doors import Doors
from cloud.exchange.fhir_answers import judge, read_object
from cloud.exchange.fhir_sending import FhirSender
from cloud.exchange.mllp_sending import MllpSender

PATIENCE: Final = 10.0
_RELEASE: Final = "4.0"
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it. `facts` are what the server says it is."""

    is_good: bool
    reason: str = ""
    status: int | None = None
    milliseconds: int = 0
    facts: dict[str, str]


def try_connection(
    connection: ConnectionRow, vault: Vault, outbound: OutboundPolicy, clock: Clock
) -> Trial:
    """Ask a FHIR server what it can do; see whether an MLLP receiver takes a connection."""
    policy = replace(outbound, timeout_seconds=PATIENCE)
    started = time.monotonic()
    if connection.kind == MLLP:
        reason = MllpSender(vault, policy).reach(connection)
        trial = Trial(is_good=not reason, reason=reason, facts={})
    else:
        sender = FhirSender(Doors(vault, policy, clock), policy, clock)
        trial = _try_fhir(connection, sender, clock)
    return replace(trial, milliseconds=round((time.monotonic() - started) * 1000))


def _try_fhir(connection: ConnectionRow, sender: FhirSender, clock: Clock) -> Trial:
    url = f"{connection.address.rstrip('/')}/metadata"
    asked = sender.ask(connection, Call("GET", url))
    if isinstance(asked, Verdict):
        return Trial(is_good=False, reason=asked.reason, facts={})
    verdict = judge(asked, 0, clock())
    if verdict.outcome is not Outcome.TAKEN:
        return Trial(is_good=False, reason=verdict.reason, status=asked.status, facts={})
    statement = read_object(asked.body)
    if statement.get("resourceType") != "CapabilityStatement":
        return Trial(is_good=False, reason="no_fhir_server", status=asked.status, facts={})
    facts = _facts(statement)
    if not facts.get("fhir_version", "").startswith(_RELEASE):
        return Trial(is_good=False, reason="other_release", status=asked.status, facts=facts)
    return Trial(is_good=True, status=asked.status, facts=facts)


def _facts(statement: dict[str, Any]) -> dict[str, str]:
    software = statement.get("software")
    named = software if isinstance(software, dict) else {}
    told = {
        "fhir_version": statement.get("fhirVersion"),
        "software": named.get("name"),
        "software_version": named.get("version"),
        "takes_transactions": _takes_transactions(statement),
    }
    return {name: str(value)[:_LONGEST_NAME] for name, value in told.items() if value is not None}


def _takes_transactions(statement: dict[str, Any]) -> str | None:
    """As far as it says: yes or no; None where it lists no interactions."""
    rest = statement.get("rest")
    sides = [one for one in rest if isinstance(one, dict)] if isinstance(rest, list) else []
    listed = [one["interaction"] for one in sides if isinstance(one.get("interaction"), list)]
    if not listed:
        return None
    codes = [one.get("code") for side in listed for one in side if isinstance(one, dict)]
    return "yes" if "transaction" in codes else "no"
