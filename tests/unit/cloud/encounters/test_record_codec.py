"""A record survives being kept as JSON: to the digit, the zone and the word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from cloud.core.encounters.record import (
    Act,
    Allergy,
    Coded,
    EncounterRecord,
    Field,
    History,
    Impression,
    Medication,
    Note,
    NotValue,
    PertinentNegative,
    Photograph,
    Procedure,
    Vital,
)
from cloud.core.encounters.record_codec import record_document, record_in

AT = datetime(2026, 11, 26, 9, 30, 0, 120000, tzinfo=UTC)
ID = UUID(int=7)
DRUG = Coded("Adrenaline", "387362001", "http://snomed.info/sct")
RECORD = EncounterRecord(
    fields={
        "narrative": Field(path="narrative", value="Collapsed.", at=AT, by="crew-1", op_id=ID),
        "times.call": Field(path="times.call", value=AT, at=AT),
        "alerts": Field(path="alerts", value=("stemi", "arrest"), at=AT),
        "chief_complaint": Field(path="chief_complaint", value=DRUG, at=AT),
        "acuity": Field(path="acuity", value=None, at=AT, not_value=NotValue.NOT_RECORDED),
    },
    vitals=(
        Vital(
            item_id=ID,
            at=AT,
            type="temperature",
            values=(("value", Decimal("36.60")),),
            unit="Cel",
            flags=("implausible",),
        ),
        Vital(item_id=ID, at=AT, type="avpu", values=(("level", "A"),), before_arrival=True),
    ),
    medications=(
        Medication(item_id=ID, at=AT, code=DRUG, dose=Decimal("1.0"), unit="mg", route=DRUG),
        Medication(item_id=ID, at=AT, code=DRUG, not_done=PertinentNegative.REFUSED),
    ),
    procedures=(Procedure(item_id=ID, at=AT, code=DRUG, success=False, attempts=2),),
    impressions=(Impression(item_id=ID, at=AT, code=DRUG, is_primary=True),),
    allergies=(Allergy(item_id=ID, at=AT, status="no_known"),),
    history=(History(item_id=ID, at=AT, kind="medication", code=DRUG),),
    photographs=(
        Photograph(
            item_id=ID, at=AT, attachment_id=ID, media_type="image/png", octets=9, sha256="ab"
        ),
    ),
    notes=(Note(item_id=ID, at=AT, text="Door was locked."),),
    acts=(Act(act_id=ID, kind="pre_alert", at=AT, by="app_1", data={"resources": ("cath",)}),),
)


def test_a_record_is_the_same_after_json() -> None:
    kept = json.loads(json.dumps(record_document(RECORD)))
    assert record_in(kept) == RECORD


def test_an_empty_record_is_one_too() -> None:
    assert record_in(record_document(EncounterRecord())) == EncounterRecord()


def test_digits_are_text_so_that_none_is_lost() -> None:
    assert '"36.60"' in json.dumps(record_document(RECORD))
