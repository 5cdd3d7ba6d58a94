"""What is forgiven to real devices, as data: who deviates, from which clause, what we do about it.

Every decoder that meets such a deviation asks the `Tolerances` its caller chose:

    tolerances.forgive(DUPLICATE_HANDLE, notes, handle=10)

Where the tolerance is on, one sentence with its id goes to `notes` and decoding goes on; where it
is off, DecodeError leaves with the clause. `DEFAULT_TOLERANCES` are what a gateway needs
in the field, `STRICT_TOLERANCES` forgive nothing (a conformance runner), `EVERY_TOLERANCE` also
what could hide a damaged octet.

The warning's sentence never holds a measured value. `docs/reference/tolerances.md` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError
from protocols.mder.records import LIST_COUNT_ID, SURPLUS_ID, Leniency, tolerated

ANY_DEVICE: Final = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """One deviation.

    `devices`: manufacturer and model known to do it, or "any". `deviation`: what is sent;
    `clause`: what it breaks; `answer`: what we do. `warning`: the sentence, with the names of
    what tells one occurrence from another in braces. `shown_by`: the vector or source that shows
    it. `by_default`: on where nobody chose.
    """

    id: str
    devices: str
    deviation: str
    clause: str
    answer: str
    warning: str
    shown_by: str
    by_default: bool = True


DUPLICATE_HANDLE: Final = Tolerance(
    id="duplicate-handle",
    devices="a pedometer with private objects",
    deviation="two objects of a configuration have the same handle",
    clause="20601 6.3.3, Handle",
    answer="the later object counts",
    warning="handle {handle} is defined twice; the later object counts",
    shown_by="recorded pedometer configuration, handle 10 twice",
)
PRIVATE_TERM: Final = Tolerance(
    id="private-term",
    devices=ANY_DEVICE,
    deviation="an object's type is a term of the vendor range of its partition",
    clause="10101 5.2, private terms",
    answer="kept as partition and term, never guessed",
    warning="object {handle}: vendor term {term}",
    shown_by="vector config-bp-omron-ext",
)
PRIVATE_ATTRIBUTE: Final = Tolerance(
    id="private-attribute",
    devices=ANY_DEVICE,
    deviation="a report carries an attribute that 20601 does not have",
    clause="20601 6.3",
    answer="its octets are left out, the other values are kept",
    warning="handle {handle}: attribute {attribute} is unknown",
    shown_by="recorded in no device yet",
)
CLOCK_IN_VALUE_MAP: Final = Tolerance(
    id="clock-in-value-map",
    devices="signove/antidote, sample oximeter",
    deviation="a value map names the MDS's clock (0x0987) for the observation's stamp (0x0990)",
    clause="20601 6.3.3, Attribute-Value-Map",
    answer="read as MDC_ATTR_TIME_STAMP_ABS: both have eight octets, and a stamp is sent",
    warning="object {handle}: value map names MDC_ATTR_TIME_ABS, read as MDC_ATTR_TIME_STAMP_ABS",
    shown_by="vector config-oximeter-spot-0191",
)
SURPLUS_ZEROS: Final = Tolerance(
    id="surplus-zeros",
    devices="signove/antidote, sample glucose meter",
    deviation="zero octets behind a complete list inside an event's content",
    clause="20601 Annex A, event-info",
    answer="the list is taken, the zeros are dropped",
    warning="{octets} surplus octets behind an event's content dropped",
    shown_by="vector live-scan-glucose-trailing",
)
SURPLUS_OCTETS: Final = Tolerance(
    id=SURPLUS_ID,
    devices=ANY_DEVICE,
    deviation="octets of any value behind the end of a value or an APDU",
    clause="20601 Annex A",
    answer="dropped",
    warning="{octets} surplus octets dropped",
    shown_by="recorded pedometer configuration, 56 octets behind its end",
    by_default=False,
)
LIST_COUNT: Final = Tolerance(
    id=LIST_COUNT_ID,
    devices="universAAL/lddi, sample thermometer",
    deviation="a list's count disagrees with its length",
    clause="20601 Annex F, SEQUENCE OF",
    answer="its length is believed; where this is off, RORJ badly-structured-apdu",
    warning="a list announced {count} members and holds {members}",
    shown_by="vector scan-fixed-thermometer",
    by_default=False,
)
PAGE_COUNT: Final = Tolerance(
    id="page-count",
    devices=ANY_DEVICE,
    deviation="a page of a segment announces another number of entries than it holds",
    clause="20601 Annex A, SegmentDataEvent",
    answer="the entries that are there are taken",
    warning="a page announced {count} entries and holds {entries}",
    shown_by="recorded in no device yet",
)
MISSING_UNIT: Final = Tolerance(
    id="missing-unit",
    devices=ANY_DEVICE,
    deviation="neither the configuration nor the report names a unit",
    clause="20601 6.3.4, Unit-Code",
    answer="kept as dimensionless: what it measures suggests a unit, but it is not ours to guess",
    warning="object {handle}: no unit is named, kept as dimensionless",
    shown_by="vector config-novopen-pmstore",
)
NON_SIGNIFICANT_BITS: Final = Tolerance(
    id="non-significant-bits",
    devices=ANY_DEVICE,
    deviation="samples have bits above their significant ones, and no flag sa-ext-val-range",
    clause="20601 Annex A, SampleType and SaFlags",
    answer="masked, as with the flag",
    warning="handle {handle}: bits beside the significant ones of a sample are set",
    shown_by="recorded in no device yet",
)
CHANGED_STATIC_SCALE: Final = Tolerance(
    id="changed-static-scale",
    devices=ANY_DEVICE,
    deviation="a report changes the scale of samples whose flag static-scale says that none does",
    clause="20601 Annex A, SaFlags",
    answer="the report's scale counts, for it came with the samples; the first where this is off",
    warning="handle {handle}: a scale said to be static is changed",
    shown_by="recorded in no device yet",
)
TICKS_OF_SECONDS: Final = Tolerance(
    id="ticks-of-seconds",
    devices="Novo Nordisk A/S, NovoPen 6 and NovoPen Echo Plus",
    deviation="relative time counts seconds where MDS-Time-Info says a resolution of 8000",
    clause="20601 Annex A, RelativeTime",
    answer="one tick is one second",
    warning="relative time counts seconds, not steps of 125 us",
    shown_by="session novopen-pmstore",
)
UNSET_CLOCK: Final = Tolerance(
    id="unset-clock",
    devices="any device before its clock is set",
    deviation="an AbsoluteTime that is all zeros, not BCD or no calendar date",
    clause="20601 Annex A, AbsoluteTime",
    answer="the time is unknown, the octets are kept; never the year 0",
    warning="a time that is no date is taken as unknown",
    shown_by="vector live-mds-zero-attrs",
)
ODD_STRING: Final = Tolerance(
    id="odd-string",
    devices=ANY_DEVICE,
    deviation="a text of odd length without its padding",
    clause="20601 Annex F, OCTET STRING",
    answer="read as it is",
    warning="{attribute}: a text of odd length",
    shown_by="vector mds-get-rsp-novopen",
)
SYSTEM_ID_FORM: Final = Tolerance(
    id="system-id-form",
    devices="Microchip ASF, sample scale",
    deviation="a System-Id that is no EUI-64: another length, or text",
    clause="20601 6.3.2, System-Id",
    answer="the octets are the identity all the same",
    warning="the System-Id is no EUI-64",
    shown_by="vector aarq-asf-lniagent",
)
ECHOED_SYSTEM_ID: Final = Tolerance(
    id="echoed-system-id",
    devices="NightscoutFoundation/xDrip, as a manager",
    deviation="a manager answers an association request with the agent's own System-Id",
    clause="20601 8.7.3, AARE",
    answer="an agent of ours associates all the same",
    warning="the manager echoes our own System-Id",
    shown_by="vector aare-xdrip",
)
TOLERANCES: Final = (
    DUPLICATE_HANDLE,
    PRIVATE_TERM,
    PRIVATE_ATTRIBUTE,
    CLOCK_IN_VALUE_MAP,
    SURPLUS_ZEROS,
    SURPLUS_OCTETS,
    LIST_COUNT,
    PAGE_COUNT,
    MISSING_UNIT,
    NON_SIGNIFICANT_BITS,
    CHANGED_STATIC_SCALE,
    TICKS_OF_SECONDS,
    UNSET_CLOCK,
    ODD_STRING,
    SYSTEM_ID_FORM,
    ECHOED_SYSTEM_ID,
)
"""Every tolerance there is."""


@dataclass(frozen=True, slots=True)
class Tolerances(Leniency):
    """Which tolerances are on, by id; also the leniency of the codec below. Made by `of`."""

    ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, tolerances: Iterable[Tolerance]) -> Tolerances:
        """Those tolerances and no others."""
        ids = frozenset(item.id for item in tolerances)
        return cls(list_counts=LIST_COUNT.id in ids, surplus=SURPLUS_OCTETS.id in ids, ids=ids)

    def allow(self, tolerance: Tolerance) -> bool:
        """Whether this one is on."""
        return tolerance.id in self.ids

    def without(self, *switched_off: Tolerance) -> Tolerances:
        """The same with those switched off."""
        return Tolerances.of(
            item for item in TOLERANCES if item.id in self.ids and item not in switched_off
        )

    def forgive(self, tolerance: Tolerance, notes: list[str], **what: int | str) -> None:
        """Say in one sentence what is forgiven; DecodeError where it is not.

        `what` fills the names in the warning.
        """
        sentence = tolerance.warning.format(**what)
        if tolerance.id not in self.ids:
            raise DecodeError(sentence, clause=tolerance.clause)
        notes.append(tolerated(tolerance.id, sentence))


STRICT_TOLERANCES: Final = Tolerances()
EVERY_TOLERANCE: Final = Tolerances.of(TOLERANCES)
DEFAULT_TOLERANCES: Final = Tolerances.of(item for item in TOLERANCES if item.by_default)


def tolerances_of(leniency: Leniency) -> Tolerances:
    """A codec's plain leniency stands for the default tolerances and the two it switches on."""
    if isinstance(leniency, Tolerances):
        return leniency
    added = ((leniency.list_counts, LIST_COUNT), (leniency.surplus, SURPLUS_OCTETS))
    ids = {item.id for is_on, item in added if is_on} | DEFAULT_TOLERANCES.ids
    return Tolerances.of(item for item in TOLERANCES if item.id in ids)
