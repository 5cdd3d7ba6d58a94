"""eMedications and eProcedures: a group for everything given or done, and for what was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.core.encounters.record import (
    Coded,
    EncounterRecord,
    Item,
    Medication,
    NotValue,
    Procedure,
)
from cloud.nemsis import codes
from cloud.nemsis.structure import Content, Told
from cloud.nemsis.times import date_time

_SNOMED: Final = "http://snomed.info/sct"
_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CODE_TYPES: Final = {_SNOMED: codes.SNOMED_MEDICATION, _RXNORM: codes.RXNORM_MEDICATION}


def medication_groups(record: EncounterRecord) -> list[Content]:
    """Each medicine; one that was not given keeps its code beside the reason."""
    return [_medication(one) for one in record.medications]


def procedure_groups(record: EncounterRecord) -> list[Content]:
    """Each procedure, alike."""
    return [_procedure(one) for one in record.procedures]


def _medication(given: Medication) -> Content:
    kind = _CODE_TYPES.get(given.code.system)
    attributes = {"CodeType": kind} if kind else {}
    told: dict[str, Sequence[Told]] = {
        **_common("eMedications", given),
        "eMedications.03": (_coded(given, given.code, is_known=kind is not None, more=attributes),),
    }
    route = codes.ROUTES.get(given.route.code if given.route else "")
    if route:
        told["eMedications.04"] = (Told(route),)
    dosage: dict[str, Sequence[Told]] = {}
    unit = codes.DOSE_UNITS.get(given.unit)
    # A dose without its unit says nothing, or something wrong.
    if given.dose is not None and unit is not None:
        dosage = {
            "eMedications.05": (Told(f"{given.dose:f}"),),
            "eMedications.06": (Told(unit),),
        }
    return Content(
        told,
        {"eMedications.DosageGroup": (Content(dosage),)},
        {"CorrelationID": str(given.item_id)},
    )


def _procedure(done: Procedure) -> Content:
    told: dict[str, Sequence[Told]] = {
        **_common("eProcedures", done),
        "eProcedures.03": (_coded(done, done.code, is_known=done.code.system == _SNOMED),),
    }
    if done.not_done is None:
        told["eProcedures.05"] = (Told(str(done.attempts)),)
    if done.success is not None:
        told["eProcedures.06"] = (Told(codes.YES if done.success else codes.NO),)
    return Content(told, attributes={"CorrelationID": str(done.item_id)})


def _common(section: str, item: Item) -> dict[str, Sequence[Told]]:
    return {
        f"{section}.01": (Told(date_time(item.at)),),
        f"{section}.02": (Told(codes.YES if item.before_arrival else codes.NO),),
    }


def _coded(item: Item, code: Coded, *, is_known: bool, more: dict[str, str] | None = None) -> Told:
    """The code in a system the data set knows, with why it was not done where it was not."""
    if is_known and item.not_value is None:
        return Told(code.code, negative=item.not_done, attributes=more or {})
    if item.not_done is not None:
        return Told(negative=item.not_done)
    return Told(not_value=item.not_value or NotValue.NOT_RECORDED)
