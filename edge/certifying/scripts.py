"""What is done with the device, association by association: each script is one of them.

Every script begins when the device asks for an association and ends with that association's
end, so the next finds it free again. `SCRIPTS` is the order of a run; the first is the long one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.certifying.asking import Examination, has_ended, while_associated
from edge.certifying.associating import (
    MANAGER,
    TO_CONFIG,
    abort,
    associate,
    configure,
    is_config_report,
    operate,
)
from edge.certifying.checks import CHECKS
from edge.certifying.operating_checks import examine
from edge.certifying.probe import Expect, Incoming, Outcome, Probe, Script
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Aare, Aarq, Abrt, Apdu, DataApdu, Prst, Rlre, Rlrq
from protocols.ieee20601.association import (
    AssociateResult,
    ReleaseReason,
    answer,
    decide,
    offer,
)
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.event_reports import ConfigResult
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    EventReport,
    RoivConfirmedEventReport,
    RorsGet,
)
from protocols.ieee20601.scanners import scanners_of
from protocols.mder.records import LENIENT

TO_RELEASE: Final = 3.0
TO_ABORT: Final = 3.0
TO_CER: Final = 3.0
TOO_EARLY: Final = 0.5
TOO_LATE: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPolicy:
    """How patient the runner is, and what it may do to the device.

    `patience_seconds`: for the device to associate (again). `report_seconds`: for its reports.
    `set_time`: its clock may be set. `fetch_stored`: its store may be read (never cleared).
    """

    patience_seconds: float = 60.0
    report_seconds: float = 15.0
    set_time: bool = False
    fetch_stored: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """One association: its name for the progress, the checks that rest on it, what is done."""

    name: str
    checks: tuple[str, ...]
    script: Callable[[Probe, RunPolicy], Script]

    def play(self, probe: Probe, policy: RunPolicy) -> Script:
        """Run the script; what it did not come to is left out with the reason."""
        probe.stopped = ""
        yield from self.script(probe, policy)
        if probe.stopped:
            for check_id in self.checks:
                probe.record.leave_out(check_id, probe.stopped)


def _kind(*kinds: type) -> Callable[[Incoming], bool]:
    return lambda incoming: (
        incoming.outcome is not Outcome.CAME
        or isinstance(incoming.apdu, kinds)
        or isinstance(incoming.message, kinds)
    )


def whole_association(probe: Probe, policy: RunPolicy) -> Script:
    """The long one: everything a device does in good order, ended by a release."""
    operating = yield from operate(probe, policy.patience_seconds)
    if operating is None:
        return
    asked, configuration = operating
    examination = examine(
        probe,
        asked,
        configuration,
        report_seconds=policy.report_seconds,
        set_time=policy.set_time,
        fetch_stored=policy.fetch_stored,
    )
    if (yield from while_associated(probe, examination)):
        yield from while_associated(probe, _release(probe))


def _release(probe: Probe) -> Examination:
    probe.send(Rlrq(int(ReleaseReason.NORMAL)))
    incoming = yield Expect(_kind(Rlre, Abrt), TO_RELEASE)
    released = isinstance(incoming.apdu, Rlre)
    probe.record.judge("REL-1", released, incoming.in_words(), *incoming.evidence)
    return False


def refused_configuration(probe: Probe, policy: RunPolicy) -> Script:
    """Refuse the configuration: it must offer another one or release."""
    asked = yield from associate(
        probe, policy.patience_seconds, AssociateResult.ACCEPTED_UNKNOWN_CONFIG
    )
    if asked is None:
        return
    configuration = yield from configure(probe, asked.config_id, ConfigResult.UNSUPPORTED)
    if configuration is None:
        return
    incoming = yield Expect(
        lambda item: is_config_report(item) or isinstance(item.apdu, Rlrq | Abrt), TO_CONFIG
    )
    fair = is_config_report(incoming) or isinstance(incoming.apdu, Rlrq)
    probe.record.judge("CONF-10", fair, incoming.in_words(), *incoming.evidence)
    if is_config_report(incoming):
        _judge_next_offer(probe, incoming, configuration.config_id)
    else:
        probe.record.leave_out("CONF-11", "it has no other configuration")
    if not has_ended(incoming):
        yield from abort(probe)


def _judge_next_offer(probe: Probe, incoming: Incoming, refused: int) -> None:
    message = incoming.message
    if not isinstance(message, EventReport):
        return
    try:
        offered = decode_configuration(message.event_info, leniency=LENIENT).config_id
    except DecodeError as exc:
        probe.record.judge("CONF-3", False, str(exc), *incoming.evidence)
        return
    detail = f"0x{offered:04X} again"
    probe.record.judge("CONF-11", offered != refused, detail, *incoming.evidence)


def _says_nothing(probe: Probe, check_id: str) -> Script:
    """Nothing may come but another request."""
    incoming = yield Expect(lambda item: not isinstance(item.apdu, Aarq), TO_ABORT)
    calm = incoming.outcome is not Outcome.CAME
    probe.record.judge(check_id, calm, incoming.in_words(), *incoming.evidence)


def no_common_parameter(probe: Probe, policy: RunPolicy) -> Script:
    """Find nothing in common: the device has no more to say, unless it asks once more."""
    asked = yield from associate(
        probe, policy.patience_seconds, AssociateResult.REJECTED_NO_COMMON_PARAMETER
    )
    if asked is None:
        return
    yield from _says_nothing(probe, "REL-4")


def refused_association(probe: Probe, policy: RunPolicy) -> Script:
    """Refuse the association: nothing but another request may follow."""
    asked = yield from associate(probe, policy.patience_seconds, AssociateResult.REJECTED_TRANSIENT)
    if asked is None:
        return
    yield from _says_nothing(probe, "REL-3")


def aborted(probe: Probe, policy: RunPolicy) -> Script:
    """Abort while it operates: it must say nothing more in this association."""
    if (yield from operate(probe, policy.patience_seconds)) is None:
        return
    yield from abort(probe)
    yield from _says_nothing(probe, "REL-2")


def unconfirmed(probe: Probe, policy: RunPolicy) -> Script:
    """Leave a confirmed report unconfirmed: it must give up, by abort or by closing the line."""
    operating = yield from operate(probe, policy.patience_seconds)
    if operating is None:
        return
    waits = _kind(RoivConfirmedEventReport)
    incoming = yield Expect(waits, policy.report_seconds, hold_confirms=True)
    if incoming.outcome is not Outcome.CAME:
        for check_id in ("REP-9", "REP-10"):
            probe.record.leave_out(check_id, "it sent no confirmed report")
        yield from abort(probe)
        return
    ended = yield Expect(_kind(Abrt), policy.report_seconds + TO_CONFIG, hold_confirms=True)
    gave_up = isinstance(ended.apdu, Abrt) or ended.outcome is Outcome.CLOSED
    evidence = (*incoming.evidence, *ended.evidence)
    probe.record.judge("REP-9", gave_up, ended.in_words(), *evidence)
    _judge_patience(probe, operating[1], incoming, ended)
    if not gave_up:
        yield from abort(probe)


def _judge_patience(
    probe: Probe, configuration: Configuration, report: Incoming, ended: Incoming
) -> None:
    """REP-10: what the source of the report names as Confirm-Timeout, else TO_cer-mds."""
    message = report.message
    gave_up = isinstance(ended.apdu, Abrt) or ended.outcome is Outcome.CLOSED
    if not isinstance(message, EventReport) or not gave_up:
        probe.record.leave_out("REP-10", "it did not give up")
        return
    scanner = scanners_of(configuration).get(message.handle)
    named = probe.confirm_seconds if scanner is None else scanner.confirm_seconds
    due = named or TO_CER
    waited = ended.at - report.at
    honoured = due - TOO_EARLY <= waited <= due + TOO_LATE
    detail = f"after {waited:.1f} s where {due:g} s are due"
    probe.record.judge("REP-10", honoured, detail, *report.evidence, *ended.evidence)


def _wrong(check_id: str, apdu: Apdu) -> Callable[[Probe, RunPolicy], Script]:
    """While it operates, send what no manager may: an abort must come back."""

    def script(probe: Probe, policy: RunPolicy) -> Script:
        if (yield from operate(probe, policy.patience_seconds)) is None:
            return
        probe.send(apdu)
        incoming = yield Expect(_kind(Abrt), TO_ABORT)
        right = isinstance(incoming.apdu, Abrt) or incoming.outcome is Outcome.CLOSED
        probe.record.judge(check_id, right, incoming.in_words(), *incoming.evidence)
        if not right:
            yield from abort(probe)

    return script


def _response() -> Aare:
    request = offer(system_id=MANAGER, config_id=0x4000)
    return answer(decide(request), result=AssociateResult.ACCEPTED, system_id=MANAGER)


_LATER: Final[tuple[Scenario, ...]] = (
    Scenario("a refused configuration", ("CONF-10", "CONF-11"), refused_configuration),
    Scenario("an abort", ("REL-2",), aborted),
    Scenario("a report without confirm", ("REP-9", "REP-10"), unconfirmed),
    Scenario(
        "a request of ours",
        ("WRONG-1",),
        _wrong("WRONG-1", offer(system_id=MANAGER, config_id=0x4000)),
    ),
    Scenario("a second response", ("WRONG-2",), _wrong("WRONG-2", _response())),
    Scenario(
        "a release response",
        ("WRONG-3",),
        _wrong("WRONG-3", Rlre(int(ReleaseReason.NORMAL))),
    ),
    Scenario(
        "an answer to nothing",
        ("WRONG-4",),
        _wrong("WRONG-4", Prst(DataApdu(0xBEEF, RorsGet(MDS_HANDLE, ())))),
    ),
    Scenario("no common parameter", ("REL-4",), no_common_parameter),
    # The last: a device may take a refusal to heart.
    Scenario("a refused association", ("REL-3",), refused_association),
)
_ELSEWHERE: Final = {check_id for scenario in _LATER for check_id in scenario.checks}
SCRIPTS: Final[tuple[Scenario, ...]] = (
    Scenario(
        "a whole association",
        tuple(check.id for check in CHECKS if check.id not in _ELSEWHERE),
        whole_association,
    ),
    *_LATER,
)
