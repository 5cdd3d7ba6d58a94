"""Bundle: one handover as a transaction a hospital's server can take, any number of times.

Every entry is created unless the server knows its identifier, so posting again adds nothing. For
servers that know conditional updates, `update` lets the report and an encounter that has ended
bring up to date what the server was given earlier, takes back readings that were moved away, and
brings to the right patient what was filed for a wrong one.
Provenance and Binary have no identifier in R4 and could not be created conditionally: only with
`puts`, for servers that create what is put (`PUT Provenance/<id>`), Provenance on the first page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import ActKind
from cloud.core.kernel.collector import at_rest
from cloud.fhir import systems
from cloud.fhir.assembly import Assembly, Unit
from cloud.fhir.encounter import has_ended
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import created, put, updated
from cloud.fhir.patient import pseudonymised, restricted
from cloud.fhir.selection import Detail
from cloud.fhir.times import instant

DEFAULT_PAGE_SIZE: Final = 400


class NoSuchPageError(ValueError):
    """The handover has fewer pages than that."""


class HandoverPages:
    """One handover at one level of detail, cut into transactions of at most `page_size` readings.

    Every page carries what its readings refer to, so pages may be posted in any order; the report
    and what people told stand on the first.
    """

    def __init__(
        self,
        handover: Handover,
        *,
        detail: Detail = Detail.TREND,
        page_size: int = DEFAULT_PAGE_SIZE,
        update: bool = False,
        puts: bool = False,
    ) -> None:
        with at_rest():
            self._assembly = Assembly(handover, detail)
        self._update = update
        self._puts = puts
        self._size = page_size

    @property
    def total(self) -> int:
        """How many readings and strips all pages hold together."""
        return len(self._assembly.units)

    @property
    def count(self) -> int:
        """How many pages there are; always at least one."""
        return max(1, -(-self.total // self._size))

    def bundle(self, page: int = 1, *, page_url: Callable[[int], str] | None = None) -> Element:
        """One page, counted from 1; `page_url` gives the address of a page for its links.

        The same handover gives the same bundle. NoSuchPageError for any other page.
        """
        if not 1 <= page <= self.count:
            raise NoSuchPageError(f"the handover has {self.count} pages, there is no page {page}")
        units = self._assembly.units[(page - 1) * self._size : page * self._size]
        with at_rest():
            entries = self._entries(page, units)
        handover = self._assembly.handover
        stamp = instant(self._assembly.as_of)
        local = (self._assembly.detail.value, str(page), str(self._size), stamp)
        identity = self._assembly.names.within_encounter("Bundle", str(handover.version), *local)
        return element(
            resourceType="Bundle",
            meta=element(
                security=pseudonymised() if handover.identity is None else restricted(),
                tag=[self._tag(page, len(units))],
            ),
            identifier={"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"},
            type="transaction",
            timestamp=stamp,
            link=self._links(page, page_url) if page_url else None,
            entry=entries,
        )

    def _entries(self, page: int, units: Sequence[Unit]) -> list[JsonValue]:
        made = self._assembly
        readings = made.readings(units)
        withdrawn = made.withdrawn() if self._update and page == 1 else []
        # Filed for another patient: what is there already must be brought to the right one.
        file = updated if self._update and _was_anothers(made.handover) else created
        entries: list[JsonValue] = [
            *map(created, made.told.actors),
            self._encounter(),
            *map(created, made.devices()),
            *map(
                created, made.sources([*units, *made.handover.moved_away] if withdrawn else units)
            ),
            *map(file, readings),
            *map(updated, withdrawn),
        ]
        if page > 1:
            # The encounter names its diagnoses, so they stand on every page.
            impressions = map(file, made.told.impressions)
            return [*entries, *impressions, *self._recordings(units)]
        procedures = made.shock_procedures()
        pictures = made.pictures(units)
        note = self._page_note(len(units))
        report = made.report(units, readings, procedures, pictures, note)
        return [
            *entries,
            *map(file, made.told.statements),
            *map(file, procedures),
            *map(file, pictures),
            *(map(updated, made.superseded()) if file is updated else ()),
            updated(report) if self._update else created(report),
            *self._recordings(units),
            *([put(made.provenance())] if self._puts else []),
        ]

    def _recordings(self, units: Sequence[Unit]) -> list[Element]:
        """ECGs longer than a strip, for servers that create what is put."""
        if not self._puts:
            return []
        pieces = self._assembly.recordings(units)
        return [entry for leading, octets in pieces for entry in (put(octets), created(leading))]

    def _encounter(self) -> Element:
        """Created once. Where updates are asked for, one that has ended updates what was filed.

        An open one never does, so that an old bundle posted late cannot open it again.
        """
        named = self._assembly.encounter()
        is_over = has_ended(self._assembly.handover)
        return updated(named) if self._update and is_over else created(named)

    def _page_note(self, here: int) -> str:
        what = (
            "every reading" if self._assembly.detail is Detail.FULL else "the trend of the readings"
        )
        note = f"This record holds {what}."
        if self.count > 1:
            note += (
                f" {here} of {self.total} stand on this page, the others on {self.count - 1} more."
            )
        return note

    def _tag(self, page: int, here: int) -> Element:
        return {
            "system": systems.PAGES,
            "code": f"{self._assembly.detail.value}-{page}-of-{self.count}",
            "display": f"{here} of {self.total} readings and strips",
        }

    def _links(self, page: int, page_url: Callable[[int], str]) -> list[JsonValue]:
        relations = {"self": page, "first": 1, "last": self.count}
        if page > 1:
            relations["previous"] = page - 1
        if page < self.count:
            relations["next"] = page + 1
        return [
            {"relation": relation, "url": page_url(number)}
            for relation, number in relations.items()
        ]


def _was_anothers(handover: Handover) -> bool:
    """Whether the encounter was ever taken from a patient it was not."""
    acts = handover.record.acts
    return any(act.kind == ActKind.PATIENT_UNLINKED for act in acts)


def transaction_bundle(
    handover: Handover,
    *,
    detail: str = "trend",
    page: int = 1,
    page_size: int = DEFAULT_PAGE_SIZE,
    page_url: Callable[[int], str] | None = None,
    update: bool = False,
    puts: bool = False,
) -> Element:
    """One page of the handover as a transaction Bundle.

    `detail` is `trend` or `full` (ValueError for another); pages count from 1 (NoSuchPageError).
    `update` asks for conditional updates of what may have changed since an earlier bundle, `puts`
    for what only a server can take that creates what is put: Provenance, and Binary of ECGs
    longer than a strip.
    """
    pages = HandoverPages(
        handover, detail=Detail(detail), page_size=page_size, update=update, puts=puts
    )
    return pages.bundle(page, page_url=page_url)
