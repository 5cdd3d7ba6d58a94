"""A record access client and the clock; the test is the meter."""

from __future__ import annotations

from protocols.gatt.racp import RecordAccess
from protocols.gatt.racp_events import Outcome, RacpEvent, RecordAccessEnded
from protocols.gatt.racp_retrieval import RecordAccessPolicy
from protocols.gatt.racp_table import RacpState

SUCCESS = "06000101"
NO_RECORDS = "06000106"
DELETING = RecordAccessPolicy(may_delete=True)


class Meter:
    """One client and the clock; the test is the meter."""

    def __init__(self, access: RecordAccess) -> None:
        self.access = access
        self.now = 100.0
        access.transport_connected(now=self.now)

    def written(self) -> list[str]:
        return [octets.hex() for octets in self.access.data_to_send()]

    def indicate(self, text: str) -> None:
        self.access.receive_data(bytes.fromhex(text), now=self.now)

    def send(self, *numbers: int | None, durable: bool = True) -> None:
        for number in numbers:
            self.access.record_received(number, now=self.now)
            if durable and number is not None:
                self.access.confirm(number)

    def events(self) -> list[RacpEvent]:
        events: list[RacpEvent] = []
        while (event := self.access.next_event()) is not None:
            events.append(event)
        return events

    def ending(self) -> RecordAccessEnded:
        (event,) = [e for e in self.events() if isinstance(e, RecordAccessEnded)]
        assert self.access.state in (RacpState.IDLE, RacpState.DISCONNECTED)
        assert self.access.next_deadline() is None
        return event

    def outcome(self) -> Outcome:
        return self.ending().outcome

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.access.handle_deadline(now=self.now)


def reporting(meter: Meter, announced: int = 3, after: int | None = None) -> None:
    """A retrieval whose records are on the way."""
    meter.access.retrieve(now=meter.now, after=after)
    meter.indicate(f"0500{announced:02x}00")
    meter.written()
    assert meter.access.state is RacpState.REPORTING
