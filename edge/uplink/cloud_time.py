"""What time it is, for certificates; asked of the cloud while the gateway does not know.

A clock that is certainly wrong fails every certificate, and a gateway that reaches no cloud learns
no time from it. So the cloud is asked first: one request without any credentials, over a line whose
chain and name are verified. The date in its answer counts when it is not before a time that is
known to have passed and when the certificate that the answer came under is good at it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx

from edge.clock import ClockKeeper
from edge.errors import UplinkUnreachableError
from edge.uplink.dates import DatedContext, TimeKnown, dated_context
from edge.uplink.policy import HttpsPolicy
from edge.uplink.threads import on_a_thread_of_its_own

log = logging.getLogger(__name__)

DATE_SECONDS: Final = 5.0
"""How far off the time of an answer may be as it arrives: a whole second and a slow way."""
DATES_UNCHECKED: Final = (
    "the gateway's clock is wrong and there is no verified way to ask for the time:"
    " of the certificate's dates only its end was checked, by a time that is over"
)
_WRONG: Final = "the gateway's clock is wrong, and the cloud"
_TOLERANCE_US: Final = 2_000_000
_CLOSE_ENOUGH_US: Final = 3_600_000_000
"""A clock that is off by less decides nothing about certificates, which live for weeks."""


class CloudTime:
    """What is known of the time, by the gateway's clocks and the cloud's. One for all links.

    `https` is the way to ask; without one, or where it is plain and not trusted, nobody is asked.
    """

    def __init__(
        self,
        keeper: ClockKeeper,
        https: HttpsPolicy | None = None,
        certificate_file: str = "",
    ) -> None:
        self._keeper = keeper
        self._https = https if https is not None and is_believed(https) else None
        self._certificate_file = certificate_file
        self._asking = asyncio.Lock()
        self._behind_us: int | None = None
        self._was_told = False

    def known(self) -> TimeKnown:
        """What is known now."""
        reading, utc = self._keeper.look(), self._keeper.known_utc()
        truth_us = reading.truth_us
        is_right = (
            truth_us is not None and abs(reading.difference_us - truth_us) <= _CLOSE_ENOUGH_US
        )
        floor = self._keeper.floor
        if not reading.is_proven and self._is_behind(reading.difference_us):
            # It is later than our clock says, so our clock is a floor.
            floor, utc, is_right = max(floor, self._keeper.clock.utc()), None, False
        return TimeKnown(
            is_clock_right=is_right,
            utc=utc,
            floor=floor,
            is_floor_enough=self._https is None,
            difference_us=reading.difference_us,
        )

    async def settle(self) -> str:
        """Ask for the time where nobody knows it; what stays unchecked all the same, in words.

        UplinkUnreachableError when it cannot be had now.
        """
        async with self._asking:
            known = self.known()
            if known.utc is not None:
                return ""
            if self._https is None:
                return self._tell_unchecked()
            ask = partial(_ask, self._https, known, self._certificate_file)
            self._learn(await on_a_thread_of_its_own(ask))
            return ""

    def settle_now(self) -> None:
        """As `settle`, on this thread."""
        known = self.known()
        if known.utc is None and self._https is not None:
            self._learn(_ask(self._https, known, self._certificate_file))

    def context(
        self, ca_file: str, certificate_file: str, *, is_kept: bool = False
    ) -> DatedContext:
        """TLS as a client; it shows `certificate_file` where there is one.

        `is_kept`: connections are made with it on the event loop, each by what is known then.
        Else they are made at once, on whatever thread.
        """
        known = self.known()
        look = self.known if is_kept else lambda: known
        return _context(ca_file, certificate_file, look, self._note_behind)

    def _is_behind(self, difference_us: int) -> bool:
        at = self._behind_us
        return at is not None and abs(difference_us - at) <= _TOLERANCE_US

    def _note_behind(self, known: TimeKnown) -> None:
        """Nobody certifies ahead of time: our clock is behind, unless it was set since."""
        self._behind_us = known.difference_us

    def _learn(self, utc: datetime) -> None:
        self._keeper.learn(utc, within_seconds=DATE_SECONDS)
        log.warning(
            "time learnt from the cloud utc=%s reason=%r",
            utc.isoformat(),
            "the gateway's clock is wrong",
        )

    def _tell_unchecked(self) -> str:
        if not self._was_told:
            log.warning("certificate not checked in full reason=%r", DATES_UNCHECKED)
        self._was_told = True
        return DATES_UNCHECKED


def date_of(answer: httpx.Response) -> datetime | None:
    """The time that an answer says it is, to the second; None when it says none."""
    try:
        utc = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return None
    return None if utc.utcoffset() is None else utc


def is_believed(policy: HttpsPolicy) -> bool:
    """Whether the time that comes this way counts: from whom it is was verified, or is trusted."""
    return urlsplit(policy.url).scheme == "https" or policy.trust_plain_time


def _context(
    ca_file: str,
    certificate_file: str,
    look: Callable[[], TimeKnown],
    begins_later: Callable[[TimeKnown], None],
) -> DatedContext:
    context = dated_context(ca_file, look, begins_later)
    if certificate_file:
        context.load_cert_chain(certificate_file)
    return context


def _ask(https: HttpsPolicy, known: TimeKnown, certificate_file: str) -> datetime:
    """The time by the cloud's answer, if that proves it. On any thread."""
    proving = replace(known, is_floor_enough=True)
    context = _context(https.ca_file, certificate_file, lambda: proving, lambda _known: None)
    try:
        with httpx.Client(verify=context, timeout=https.timeout_seconds) as client:
            answer = client.head(https.url, headers={"user-agent": "vitalwire-edge"})
    except httpx.HTTPError as exc:
        words = (str(exc) or type(exc).__name__).lower()
        raise UplinkUnreachableError(f"{_WRONG} cannot be asked for the time ({words})") from exc
    utc = date_of(answer)
    if utc is None:
        raise UplinkUnreachableError(f"{_WRONG} does not say what time it is")
    if utc + timedelta(seconds=DATE_SECONDS) < known.floor:
        raise UplinkUnreachableError(
            f"{_WRONG} says it is {_text(utc)}, but {_text(known.floor)} is over for certain"
        )
    if context.shown is not None and not context.shown.covers(utc):
        raise UplinkUnreachableError(
            f"{_WRONG} says it is {_text(utc)}, when its certificate is not good"
        )
    return utc


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
