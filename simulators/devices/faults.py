"""What devices do wrong, one class each: what really goes out instead of an APDU, and when.

`outgoing` says what goes over the wire instead of an APDU, `incoming` what the agent gets to see
(None: nothing), `pause_seconds` how long the wire waits first. The agent itself stays sane.
"""

from __future__ import annotations

import random
from typing import Final

from simulators.devices.wire_octets import (
    CONFIGURATION_ID,
    INVOKE_ID,
    OBSERVATION_COUNT,
    OFFERED_CONFIGURATION_ID,
    SCAN_REPORT_NUMBER,
    is_aare,
    is_aarq,
    is_answer,
    is_any_scan_report,
    is_configuration,
    is_scan_report,
    is_segment,
    number_at,
    with_octets,
)

_EARLY_INVOKE_ID: Final = b"\x77\x77"
_EARLY_REPORT: Final = bytes.fromhex(
    # a confirmed fixed scan report of handle 1 before any configuration: SpO2 98, no time
    "e7000020001e777701010018 0000ffffffff0d1d000e f000000000010006 000100020062"
)
_UNKNOWN_STANDARD_ID: Final = b"\x09\x99"
_OTHER_EXTENDED_ID: Final = b"\x4f\xff"
_WHOLE_PAGES: Final = 2
"""Pages that go out whole before the line is cut."""
_ABORT: Final = bytes.fromhex("e600 0002 0000")


class Fault:
    """No fault at all; the others override what they spoil."""

    hangs_up = False
    """Whether the line is cut behind what went out last."""

    def __init__(self, seed: int, seconds: float = 5.0) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - spoils octets, guards nothing
        self.seconds = seconds

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """What goes over the wire instead of this APDU."""
        return [apdu]

    def pause_seconds(self, apdu: bytes) -> float:  # noqa: ARG002 - others look at it
        """How long the wire waits before this APDU."""
        return 0.0

    def incoming(self, apdu: bytes) -> bytes | None:
        """What the agent sees instead of this APDU."""
        return apdu


class Noise(Fault):
    """A loose plug: random octets between APDUs."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Every third APDU is preceded by some octets of nothing."""
        if self.chance.random() < 1 / 3:
            return [self.chance.randbytes(self.chance.randint(1, 40)), apdu]
        return [apdu]


class RepeatedReport(Fault):
    """A device that missed the answer: every confirmed scan report goes out twice."""

    def __init__(self, seed: int, seconds: float = 5.0) -> None:
        super().__init__(seed, seconds)
        self.is_answered: dict[bytes, bool] = {}

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The same octets again, same invoke id."""
        if not is_scan_report(apdu):
            return [apdu]
        self.is_answered[apdu[6:8]] = False
        return [apdu, apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """The agent sees one answer; a manager may give one or two."""
        if is_answer(apdu) and apdu[6:8] in self.is_answered:
            if self.is_answered[apdu[6:8]]:
                return None
            self.is_answered[apdu[6:8]] = True
        return apdu


class Truncated(Fault):
    """A line that loses octets: every fourth confirmed scan report ends too early."""

    def __init__(self, seed: int, seconds: float = 5.0) -> None:
        super().__init__(seed, seconds)
        self._reports = 0

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The last ten octets are missing now and then."""
        self._reports += is_scan_report(apdu)
        if is_scan_report(apdu) and self._reports % 4 == 0:
            return [apdu[:-10]]
        return [apdu]


class WrongOrder(Fault):
    """A device that cannot wait: a scan report before its configuration."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The early report goes in front of the configuration."""
        return [_EARLY_REPORT, apdu] if is_configuration(apdu) else [apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """The agent does not know of the early report, nor of its answer."""
        return None if is_answer(apdu) and apdu[6:8] == _EARLY_INVOKE_ID else apdu


class UnknownConfiguration(Fault):
    """A device that claims a standard configuration nobody knows."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The configuration id is exchanged wherever it is announced."""
        if is_aarq(apdu):
            return [with_octets(apdu, OFFERED_CONFIGURATION_ID, _UNKNOWN_STANDARD_ID)]
        if is_configuration(apdu):
            return [with_octets(apdu, CONFIGURATION_ID, _UNKNOWN_STANDARD_ID)]
        return [apdu]


class TwoVersions(Fault):
    """A device that offers protocol versions 1 and 2; the agent behind it knows only 1."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Two bits in the version mask of the association request."""
        if is_aarq(apdu):
            return [apdu[:16] + bytes([apdu[16] | 0xC0]) + apdu[17:]]
        return [apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """The version the manager chose is shown to the agent as the one it knows."""
        if is_aare(apdu):
            return apdu[:10] + b"\x80" + apdu[11:]
        return apdu


class Silent(Fault):
    """A device that says hello and then nothing."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Only the association request goes out."""
        return [apdu] if is_aarq(apdu) else []


class LateAnswers(Fault):
    """A busy device: every answer to the manager comes late."""

    def pause_seconds(self, apdu: bytes) -> float:
        """Answers wait, reports do not."""
        return self.seconds if is_answer(apdu) else 0.0


class NoAnswers(Fault):
    """A device that reports and never answers."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Answers are swallowed."""
        return [] if is_answer(apdu) else [apdu]


class WrongInvokeId(Fault):
    """A device that answers something nobody asked."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Answers carry another invoke id."""
        if is_answer(apdu):
            other = (number_at(apdu, INVOKE_ID) + 0x1000) % 0x10000
            return [with_octets(apdu, INVOKE_ID, other.to_bytes(2, "big"))]
        return [apdu]


class Gaps(Fault):
    """A device that loses reports: after every third the scan-report-no jumps by three."""

    def __init__(self, seed: int, seconds: float = 5.0) -> None:
        super().__init__(seed, seconds)
        self._reports = 0

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The reports' own numbers are replaced."""
        if not is_any_scan_report(apdu):
            return [apdu]
        number = self._reports + self._reports // 3 * 2
        self._reports += 1
        return [with_octets(apdu, SCAN_REPORT_NUMBER, (number % 0x10000).to_bytes(2, "big"))]


class OtherConfiguration(Fault):
    """A device that reports another configuration than it offered."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The id inside the configuration report is exchanged."""
        if is_configuration(apdu):
            return [with_octets(apdu, CONFIGURATION_ID, _OTHER_EXTENDED_ID)]
        return [apdu]


class WrongCounts(Fault):
    """A device that miscounts: every second confirmed scan report announces one value too many."""

    def __init__(self, seed: int, seconds: float = 5.0) -> None:
        super().__init__(seed, seconds)
        self._reports = 0

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The list's count is raised, its length is not."""
        self._reports += is_scan_report(apdu)
        if not is_scan_report(apdu) or self._reports % 2:
            return [apdu]
        count = number_at(apdu, OBSERVATION_COUNT) + 1
        return [with_octets(apdu, OBSERVATION_COUNT, count.to_bytes(2, "big"))]


class AbortInSegment(Fault):
    """A device whose battery goes in the middle of a stored segment."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """An abort follows every page."""
        return [apdu, _ABORT] if is_segment(apdu) else [apdu]


class CutInMidPage(Fault):
    """A cable that is pulled in the middle of a page of stored data, once."""

    def __init__(self, seed: int, seconds: float = 5.0) -> None:
        super().__init__(seed, seconds)
        self._pages = 0

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Half of the third page, and nothing after it."""
        self._pages += is_segment(apdu)
        self.hangs_up = self._pages == _WHOLE_PAGES + 1
        if not self.hangs_up:
            return [apdu]
        self._pages += 1
        return [apdu[: len(apdu) // 2]]
