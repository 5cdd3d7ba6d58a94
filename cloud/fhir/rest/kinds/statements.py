"""What people told: conditions, allergies, medicines and procedures of an encounter's record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloud.core.searching import readings
from cloud.fhir.names import Named
from cloud.fhir.procedure import shock_procedure, shocks
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart
from cloud.fhir.rest.kind import Kind, elements
from cloud.fhir.rest.parameters import Parameter, date, reference, token
from cloud.fhir.rest.told import Teller, Told
from cloud.fhir.telling import telling
from protocols.nomenclature.private import SHOCK_DELIVERED, SHOCK_ENERGY

_IDENTIFIER: Final = token("identifier", "Our own id of it.", path="identifier")
_STATUS: Final = token("status", "The status, in FHIR's words.", "not", path="status")
_CREW: Final = ["Practitioner", "Organization"]


def statements(chart: Chart) -> Iterator[Named]:
    """Everything people told of an encounter."""
    yield from telling(chart.names, chart.handover).statements


def _procedures(chart: Chart) -> Iterator[Named]:
    """The same, and the shocks a defibrillator says it delivered."""
    yield from statements(chart)
    told = readings.telling(
        chart.desk.work,
        chart.desk.principal,
        chart.row.encounter_id,
        code_cf=SHOCK_DELIVERED.cf_code,
        type_cf=SHOCK_ENERGY.cf_code,
    )
    for shock in shocks(told):
        local = str(shock.told_by.observation.observation_id)
        yield Named(chart.names.urn("Shock", local), shock_procedure(chart.names, shock))


def _kind(
    name: str,
    says: str,
    *parameters: Parameter,
    summary: str,
    tell: Teller = statements,
    times: tuple[str, ...] = (),
) -> Kind:
    """A type whose resources are all made of records."""
    source = Told(name, tell, times)
    return Kind(
        name=name,
        says=says,
        parameters=(charts.BY_ID, charts.CHANGED, _IDENTIFIER, *parameters),
        sources=(source,),
        read=source.read,
        sorts=("date",) if times else (),
        summary=elements(summary),
    )


CONDITION: Final = _kind(
    "Condition",
    "What the crew believes is wrong, always provisional, and what was wrong before.",
    *charts.patient(),
    charts.encounter(),
    token("code", "What it is.", "not", path="code"),
    token("category", "encounter-diagnosis or problem-list-item.", path="category"),
    token("clinical-status", "active or inactive.", path="clinicalStatus"),
    token("verification-status", "provisional, unconfirmed or refuted.", path="verificationStatus"),
    date("recorded-date", "When it was told.", path="recordedDate"),
    summary=(
        "identifier clinicalStatus verificationStatus category severity code bodySite subject "
        "encounter onsetDateTime recordedDate recorder"
    ),
)
ALLERGY: Final = _kind(
    "AllergyIntolerance",
    "Allergies, that none is known, or that nobody asked: different codes, never an empty list.",
    charts.patient("patient")[0],
    charts.encounter(),
    token("code", "What it is.", "not", path="code"),
    token("clinical-status", "active.", path="clinicalStatus"),
    date("date", "When it was told.", path="recordedDate"),
    times=("recordedDate",),
    summary=(
        "identifier clinicalStatus verificationStatus type category criticality code patient "
        "encounter recordedDate recorder"
    ),
)
MEDICATION: Final = _kind(
    "MedicationAdministration",
    "Medicines that were given, and those that were not, with the reason.",
    *charts.patient(),
    charts.encounter("context", "context"),
    _STATUS,
    token("code", "What it is.", "not", path="medicationCodeableConcept"),
    date("effective-time", "When.", path="effectiveDateTime effectivePeriod"),
    reference("performer", "Who.", _CREW, "performer.actor"),
    summary=(
        "identifier instantiates partOf status statusReason category medicationCodeableConcept "
        "subject context effectiveDateTime effectivePeriod performer reasonCode"
    ),
)
STATEMENT: Final = _kind(
    "MedicationStatement",
    "Medicines the patient takes already, as somebody told it.",
    *charts.patient(),
    charts.encounter("context", "context"),
    _STATUS,
    token("code", "What it is.", "not", path="medicationCodeableConcept"),
    summary=(
        "identifier status statusReason category medicationCodeableConcept subject context "
        "effectiveDateTime dateAsserted informationSource"
    ),
)
PROCEDURE: Final = _kind(
    "Procedure",
    "What was done, each attempt by itself, what was not done and why, and delivered shocks.",
    *charts.patient(),
    charts.encounter(),
    _STATUS,
    token("code", "What it is.", "not", path="code"),
    date("date", "When.", path="performedDateTime performedPeriod"),
    reference("performer", "Who.", _CREW, "performer.actor"),
    tell=_procedures,
    times=("performedDateTime", "performedPeriod.start"),
    summary=(
        "identifier instantiatesCanonical basedOn partOf status statusReason category code subject "
        "encounter performedDateTime performedPeriod recorder asserter performer location "
        "reasonCode bodySite outcome"
    ),
)
