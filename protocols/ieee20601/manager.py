"""The manager's side of an association: octets and time in; octets, events and a deadline out.

    manager = ManagerConnection(
        system_id=ours, standard_configurations=known, configurations=source
    )
    manager.transport_connected(now=t)
    manager.receive_data(octets, now=t, utc=utc)
    then drain:  manager.next_event(), manager.data_to_send(), manager.next_deadline()
    manager.confirm(event.invoke_id, now=t, association=event.association)
                                           when a report's observations are durable

Every transition is a row of `manager_table`; `_carry_out` does what its row says. A wrong peer
never raises here: the association ends and `AssociationEnded` says why. A wrong request of
ours raises LocalProtocolError and changes nothing.

After acceptance the manager reads the MDS by itself, then the PM-stores. Order on the wire for
an unknown configuration: AARE, configuration response, Get.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from protocols.ieee20601.classification import (
    SessionFacts,
    classify_for_manager,
    classify_oversize,
)
from protocols.ieee20601.compiled_reports import CompiledReport
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import EventInfo
from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.framing import OversizeApdu, WholeApdu
from protocols.ieee20601.invocations import Repeat
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.manager_answers import ABORTS, CONFIGURING, ENDING, ERRORS, TIMEOUTS
from protocols.ieee20601.manager_configuring import ConfigurationSource
from protocols.ieee20601.manager_endings import ManagerEndings
from protocols.ieee20601.manager_requests import Pending
from protocols.ieee20601.manager_stored_data import StoredPages
from protocols.ieee20601.manager_table import TABLE
from protocols.ieee20601.manager_table import ManagerAction as Action
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    AttributeModification,
    EventReport,
    RoivConfirmedSet,
    RoivGet,
)
from protocols.ieee20601.segment_selection import ALL_SEGMENTS, SegmentRange
from protocols.ieee20601.states import Row, Trigger
from protocols.ieee20601.timeouts import DataRequestTimer, Timer
from protocols.ieee20601.transcription import Transcription
from protocols.model.codes import SystemId

__all__ = ["ConfigurationSource", "ManagerConnection", "ManagerPolicy"]

_OTHER_FIRMWARE: Final = "the configuration was learnt from another firmware"


class ManagerConnection(ManagerEndings):
    """One agent's connection, seen by the manager; see the module and `connection`.

    `framing`: how APDUs travel on the line; without one, a raw stream within the policy's limits.
    `stored_pages` tells the pages that `StoredPageKept` named in earlier associations.
    """

    def __init__(
        self,
        *,
        system_id: SystemId,
        standard_configurations: Mapping[int, Configuration],
        configurations: ConfigurationSource,
        first_invoke_id: int = 0,
        policy: ManagerPolicy | None = None,
        framing: Framing | None = None,
        stored_pages: StoredPages = lambda _system_id, _mark: False,
    ) -> None:
        super().__init__(
            system_id=system_id,
            standard_configurations=standard_configurations,
            configurations=configurations,
            first_invoke_id=first_invoke_id,
            policy=policy or ManagerPolicy(),
            framing=framing,
        )
        self._stored_pages = stored_pages
        self._wanted = (None, ALL_SEGMENTS)
        self._last_invoke_id = first_invoke_id
        self._apdu_at = 0.0
        self._facts_made: dict[tuple[bool, bool, bool], SessionFacts] = {}

    # Verbs.

    def confirm(self, invoke_id: int, *, now: float, association: int | None = None) -> None:
        """Answer a report whose observations are durable.

        `association` is that of the report's event; without it the present one is meant. Does
        nothing for an association that ended meanwhile. Raises LocalProtocolError for an id
        that no report of this association ever had, or whose report was not told yet.
        """
        current = self._association
        if association is not None and (current is None or current.token != association):
            return
        self._fire(now, Received(trigger=Trigger.REQ_CONFIRM, invoke_id=invoke_id))

    def fetch_stored(
        self,
        selection: SegmentRange = ALL_SEGMENTS,
        *,
        now: float,
        stores: tuple[int, ...] | None = None,
    ) -> None:
        """Fetch PM-stores (once more); live reports go on meanwhile. `stores` None: all of them.

        Raises LocalProtocolError unless operating, while a fetch goes on, or for a store the
        device does not have.
        """
        self._wanted = (stores, selection)
        self._fire(now, Received(trigger=Trigger.REQ_FETCH_STORED))

    def stop_stored(self, *, now: float) -> None:
        """Give up the fetch that goes on: the next page is answered with manager-abort.

        Does nothing without one; LocalProtocolError unless operating.
        """
        self._fire(now, Received(trigger=Trigger.REQ_STOP_STORED))

    def get(
        self, handle: int = MDS_HANDLE, attribute_ids: Iterable[int] = (), *, now: float
    ) -> int:
        """Read attributes of an object, all without `attribute_ids`; the invoke id.

        AttributesRead or RequestRefused follows; no answer in time aborts the association.
        LocalProtocolError unless the association operates.
        """
        return self._invoke(partial(self._get, RoivGet(handle, tuple(attribute_ids))), now)

    def set(self, handle: int, changes: Iterable[AttributeModification], *, now: float) -> int:
        """Change attributes of an object (`requests.set_attribute` builds one); the invoke id.

        AttributesSet or RequestRefused follows; no answer in time aborts the association.
        LocalProtocolError unless the association operates.
        """
        return self._invoke(partial(self._set, RoivConfirmedSet(handle, tuple(changes))), now)

    def set_time(self, *, now: float) -> int:
        """Set the device's clock to ours, whatever the policy says; the invoke id.

        ClockSet follows, or a ProtocolWarning that it was refused. LocalProtocolError unless the
        association operates and the device asks its manager to set its clock.
        """
        return self._invoke(partial(self._set_time, then=_go_on), now)

    # What arrives and what is due.

    def _take_apdu(self, piece: WholeApdu | OversizeApdu, now: float) -> None:
        if isinstance(piece, OversizeApdu):
            received = classify_oversize(piece, lambda invoke_id: invoke_id in self._invocations)
        else:
            self._apdu_at = now
            received = classify_for_manager(piece.octets, self._facts(now))
        self._tell(received.notes)
        if received.why:
            self._emit(ProtocolWarning(f"{received.trigger.value}: {received.why}"))
        self._fire(now, received)
        if self._association is not None and self._association.misremembered:
            self._fire(now, Received(trigger=Trigger.RX_REPORT_AGAINST_MEMORY, why=_OTHER_FIRMWARE))
        if self._pending_octets > self._policy.max_pending_octets:
            self._drop_output()  # nobody reads them, and they belong to what ends now
            self._fire(now, Received(trigger=Trigger.OUTPUT_UNREAD))

    def _facts(self, now: float) -> SessionFacts:
        association = self._association
        state = (
            self._is_draining(now) and association is None,
            association is not None and association.configuration is not None,
            association is not None and association.remembered,
        )
        made = self._facts_made.get(state)
        if made is None:
            made = self._facts_made[state] = self._facts_of(*state)
        return made

    def _facts_of(self, draining: bool, operating: bool, remembered: bool) -> SessionFacts:
        return SessionFacts(
            draining=draining,
            operating=operating,
            remembered=remembered,
            supported=self._policy.supported,
            can_hold=self._can_hold,
            has_room=lambda invoke_id: self._associated().received.has_room_for(invoke_id),
            find=self._find,
            expected_answer=self._expected_answer,
            repeat=self._judge_repeat,
            transcribe=self._transcribe,
            recognise=self._recognise,
            tolerances=self._policy.tolerances,
        )

    def _judge_repeat(self, invoke_id: int, octets: bytes) -> Repeat:
        return self._associated().received.judge(invoke_id, octets)

    def _recognise(self, report: EventReport) -> CompiledReport | None:
        return self._associated().recognise(report, utc=self._utc(self._apdu_at))

    def _transcribe(self, report: EventReport, info: EventInfo) -> Transcription:
        return self._associated().transcribe(report, info, utc=self._utc(self._apdu_at))

    def _timer_expired(self, timer: Timer | DataRequestTimer, now: float) -> None:
        if isinstance(timer, DataRequestTimer):
            self._data_request_over(timer.req_id)
            return
        if timer is Timer.SEGMENT_AGAIN:
            self._ask_again(now)
            return
        if timer is Timer.TRANSFER:
            moved = self._plan().has_moved
            trigger = Trigger.TIMEOUT_TRANSFER if moved else Trigger.TIMEOUT_RESPONSE
        else:
            trigger = TIMEOUTS[timer]
        self._fire(now, Received(trigger=trigger, why=f"{timer.value} expired"))

    def _request_expired(self, pending: Pending, now: float) -> None:
        why = f"no answer to {pending.what}"
        self._fire(now, Received(trigger=Trigger.TIMEOUT_RESPONSE, why=why))

    # The table.

    def _row(self, trigger: Trigger) -> Row[Action]:
        return TABLE[self._state, trigger]

    def _carry_out(self, action: Action, received: Received, now: float) -> Trigger | None:
        """Do what a row says; the trigger of a decision that follows at once, else None."""
        if action in ABORTS:
            self._abort(ABORTS[action], received, now, distrust=action is Action.FORGET_CONFIG)
        elif action in ERRORS:
            if action is Action.TAKE_KNOWN and received.transcription is not None:
                self._take_report(received, now)
            self._send_message(received.needed_invoke_id, ERRORS[action])
        elif action in ENDING:
            self._carry_out_ending(action, received, now)
        elif action in CONFIGURING:
            return self._carry_out_configuration(action, received, now)
        else:
            self._carry_out_operation(action, received, now)
        return None

    def _carry_out_operation(self, action: Action, received: Received, now: float) -> None:
        """Rows of an operating association, and the plain ones."""
        match action:
            case Action.TAKE_REPORT | Action.TAKE_UNCONFIRMED:
                self._take_report(received, now)
            case Action.CONFIRM:
                self._confirm(received.needed_invoke_id, now)
            case Action.CONFIRM_AGAIN:
                answers = self._associated().received
                self._put(answers.answer_again(received.needed_invoke_id))
                self._heard(now)
            case Action.COMPLETE:
                self._complete(received, now)
            case Action.FAIL_REQUEST:
                self._fail_request(received, now)
            case Action.STOP_TRANSFER:
                self._stop_transfer(now)
            case Action.FETCH_STORED:
                self._fetch_wanted(now)
            case Action.STOP_FETCH:
                self._stop_fetch(now)
            case Action.ANSWER_STOPPED:
                self._answer_stopped(received)
            case Action.COUNT_MISSED:
                self._count_missed(received, now)
            case Action.INVOKE:
                self._last_invoke_id = received.needed_invoke(now)
            case Action.TELL_SILENT:
                self._tell_silent(now)
            case Action.REFUSE:
                self._refuse(received)


def _go_on(_now: float) -> None:
    """Nothing follows a request of the driver's."""
