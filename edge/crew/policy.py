"""How the crew page is served and what stands on its buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,252})")
_LISTEN: Final = re.compile(r"tcp:(\[[^\]]+\]|[^\[\]:]+):(\d{1,5})")
_MOST_LISTED: Final = 32
USUAL_DRUGS: Final = (
    "Adrenaline|1 mg|IV",
    "Amiodarone|300 mg|IV",
    "Atropine|600 mcg|IV",
    "Aspirin|300 mg|PO",
    "GTN|400 mcg|SL",
    "Morphine|2.5 mg|IV",
    "Ketamine|25 mg|IV",
    "Midazolam|2.5 mg|IV",
    "Salbutamol|5 mg|NEB",
    "Naloxone|400 mcg|IV",
    "Glucose 10 %|100 ml|IV",
    "Tranexamic acid|1 g|IV",
    "Ondansetron|4 mg|IV",
    "Sodium chloride 0.9 %|250 ml|IV",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """A drug's button: its name, the usual dose and route."""

    name: str
    dose: str
    route: str

    @property
    def words(self) -> str:
        """As the event says it."""
        return f"{self.name} {self.dose} {self.route}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewPolicy:
    """The settings group `[crew]`."""

    listen: Annotated[
        str, "where the crew page is served, as `tcp:0.0.0.0:8080`; empty: nowhere"
    ] = ""
    hosts: Annotated[
        tuple[str, ...],
        "names the page may be called by; addresses and localhost always work",
    ] = ("vehicle", "vehicle.local")
    members: Annotated[
        tuple[str, ...], "who may be on board, to be picked at sign-in; others type their id"
    ] = ()
    drugs: Annotated[tuple[str, ...], "the drug buttons: `name|usual dose|route` each"] = (
        USUAL_DRUGS
    )
    lock_seconds: Annotated[float, "the page locks itself when nobody touched it for so long"] = (
        600.0
    )
    keep_hours: Annotated[
        float,
        "events stay on board for so long, patient details for so long after they were told last,"
        " a released encounter or not; what is not sent yet stays",
    ] = 24.0
    most_viewers: Annotated[int, "screens that may watch at once"] = 8
    photograph_octets: Annotated[int, "the largest photograph taken in, in octets"] = 4 << 20

    def __post_init__(self) -> None:
        match = _LISTEN.fullmatch(self.listen)
        if self.listen and (match is None or int(match[2]) > 0xFFFF):
            raise ValueError("listen: the form is tcp:HOST:PORT, or empty for no page at all")
        for host in self.hosts:
            if not _HOST.fullmatch(host):
                raise ValueError(f"hosts: {host!r} is no host name in lower case")
        if len(self.members) > _MOST_LISTED or len(self.drugs) > _MOST_LISTED:
            raise ValueError(f"members and drugs hold at most {_MOST_LISTED} each")
        _ = self.drug_list
        if self.lock_seconds < 30:
            raise ValueError("lock_seconds is at least 30")
        if self.keep_hours <= 0 or self.most_viewers < 1:
            raise ValueError("keep_hours is above 0, most_viewers at least 1")
        if not 1 << 16 <= self.photograph_octets <= 16 << 20:
            raise ValueError("photograph_octets is between 65536 and 16777216")

    @property
    def drug_list(self) -> tuple[Drug, ...]:
        """The drug buttons in their order."""
        found = []
        for line in self.drugs:
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3 or not all(parts):
                raise ValueError(f"drugs: {line!r} is not written name|usual dose|route")
            found.append(Drug(name=parts[0], dose=parts[1], route=parts[2]))
        return tuple(found)
