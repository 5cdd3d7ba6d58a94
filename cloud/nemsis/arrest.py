"""eArrest: what is known of a cardiac arrest, and that there was none where nobody told of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cloud.core.encounters.record import EncounterRecord, NotValue
from cloud.nemsis import codes
from cloud.nemsis.structure import Told

_ELEMENTS: Final = (
    *("02", "03", "04", "07", "09", "11", "12", "14", "16", "17", "18", "20", "21", "22"),
)
_WORDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "etiology": ("eArrest.02", codes.ETIOLOGIES),
    "resuscitation": ("eArrest.03", codes.RESUSCITATION),
    "witnessed_by": ("eArrest.04", codes.WITNESSES),
    "first_rhythm": ("eArrest.11", codes.FIRST_RHYTHMS),
    "rhythm_at_destination": ("eArrest.17", codes.RHYTHMS),
}


def arrest(record: EncounterRecord) -> dict[str, Sequence[Told]]:
    """Elements by name. Whether it was before the crew came is told by nobody: Not Recorded."""
    told_paths = [path for path in record.fields if path.startswith("arrest.")]
    if not told_paths and "arrest" not in record.alerts:
        nothing = (Told(not_value=NotValue.NOT_APPLICABLE),)
        found: dict[str, Sequence[Told]] = {f"eArrest.{one}": nothing for one in _ELEMENTS}
        # That nobody told of one is not that there was none.
        return {"eArrest.01": (Told(not_value=NotValue.NOT_RECORDED),), **found}
    told: dict[str, Sequence[Told]] = {}
    for word, (name, known) in _WORDS.items():
        field = record.fields.get(f"arrest.{word}")
        if field is None:
            continue
        if field.not_value is not None:
            told[name] = (Told(not_value=field.not_value),)
        elif str(field.value) in known:
            told[name] = (Told(known[str(field.value)]),)
    if record.value("arrest.rosc_at") is not None:
        told["eArrest.12"] = (Told(codes.ROSC_BEFORE_ARRIVAL),)
    ended = str(record.value("arrest.ended_reason"))
    if ended in codes.ENDINGS:
        told["eArrest.16"] = (Told(codes.ENDINGS[ended]),)
    if ended in codes.ENDS_OF_EVENT:
        told["eArrest.18"] = (Told(codes.ENDS_OF_EVENT[ended]),)
    return told
