"""The codes of NEMSIS 3.5 for what an encounter can say; words without one are left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloud.core.encounters.record import NotValue, PertinentNegative

NOT_VALUES: Final[Mapping[NotValue, str]] = {
    NotValue.NOT_APPLICABLE: "7701001",
    NotValue.NOT_RECORDED: "7701003",
    NotValue.NOT_REPORTING: "7701005",
}
PERTINENT_NEGATIVES: Final[Mapping[PertinentNegative, str]] = {
    PertinentNegative.CONTRAINDICATION_NOTED: "8801001",
    PertinentNegative.DENIED_BY_ORDER: "8801003",
    PertinentNegative.EXAM_FINDING_NOT_PRESENT: "8801005",
    PertinentNegative.MEDICATION_ALLERGY: "8801007",
    PertinentNegative.MEDICATION_ALREADY_TAKEN: "8801009",
    PertinentNegative.NO_KNOWN_DRUG_ALLERGY: "8801013",
    PertinentNegative.NONE_REPORTED: "8801015",
    PertinentNegative.NOT_PERFORMED: "8801017",
    PertinentNegative.REFUSED: "8801019",
    PertinentNegative.UNRESPONSIVE: "8801021",
    PertinentNegative.UNABLE_TO_COMPLETE: "8801023",
    PertinentNegative.ORDER_CRITERIA_NOT_MET: "8801027",
    PertinentNegative.SYMPTOM_NOT_PRESENT: "8801031",
}
NO: Final = "9923001"
YES: Final = "9923003"
YEARS: Final = "2516009"
SEXES: Final = {"female": "9906001", "male": "9906003", "unknown": "9906005"}
SERVICES: Final = {
    "prehospital_emergency": "2205001",
    "mass_casualty": "2205001",
    "interfacility_transfer": "2205005",
    "event_medical": "2205013",
    "community_paramedicine": "2205025",
    "hospital_at_home": "2205025",
}
"""eResponse.05 by care model."""
ACUITIES: Final = {
    "critical": "2813001",
    "emergent": "2813003",
    "lower_acuity": "2813005",
    "dead_without_resuscitation": "2813007",
    "non_acute": "2813011",
}
ALERTNESS: Final = {
    "A": "3326001",
    # The data set knows no new confusion; who is confused answers to voice and is awake.
    "C": "3326001",
    "V": "3326003",
    "P": "3326005",
    "U": "3326007",
}
RHYTHMS: Final = {
    "agonal": "9901001",
    "asystole": "9901003",
    "atrial_fibrillation": "9901007",
    "atrial_flutter": "9901009",
    "av_block_1": "9901011",
    "av_block_2_1": "9901013",
    "av_block_2_2": "9901015",
    "av_block_3": "9901017",
    "junctional": "9901019",
    "left_bundle_branch_block": "9901021",
    "other": "9901031",
    "paced": "9901033",
    "pea": "9901035",
    "premature_atrial": "9901037",
    "premature_ventricular": "9901039",
    "right_bundle_branch_block": "9901041",
    "sinus_arrhythmia": "9901043",
    "sinus_bradycardia": "9901045",
    "sinus_rhythm": "9901047",
    "sinus_tachycardia": "9901049",
    "stemi_anterior": "9901051",
    "stemi_inferior": "9901053",
    "stemi_lateral": "9901055",
    "stemi_posterior": "9901057",
    "supraventricular_tachycardia": "9901059",
    "torsades_de_pointes": "9901061",
    "unknown_non_shockable": "9901063",
    "unknown_shockable": "9901065",
    "ventricular_fibrillation": "9901067",
    "ventricular_tachycardia": "9901069",
    "pulseless_ventricular_tachycardia": "9901071",
}
STROKE_RESULTS: Final = {"negative": "3329001", "inconclusive": "3329003", "positive": "3329005"}
CO2_UNITS: Final = {"mm[Hg]": "3340001", "%": "3340003", "kPa": "3340005"}
ROUTES: Final = {
    "47625008": "9927023",
    "417255000": "9927021",
    "78421000": "9927015",
    "34206005": "9927045",
    "26643006": "9927035",
    "37839007": "9927047",
    "54471007": "9927003",
    "46713006": "9927017",
    "447694001": "9927009",
    "37161004": "9927043",
    "6064005": "9927049",
    "404818005": "9927005",
}
"""eMedications.04 by SNOMED CT code of the route."""
DOSE_UNITS: Final = {
    "g": "3706001",
    "L": "3706009",
    "ug": "3706015",
    "mg": "3706021",
    "mL": "3706025",
    "L/min": "3706035",
}
SNOMED_MEDICATION: Final = "9924005"
RXNORM_MEDICATION: Final = "9924003"
ARREST_NO: Final = "3001001"
ARREST_BEFORE: Final = "3001003"
ARREST_AFTER: Final = "3001005"
ETIOLOGIES: Final = {
    "cardiac": "3002001",
    "drowning": "3002003",
    "drug_overdose": "3002005",
    "electrocution": "3002007",
    "exsanguination": "3002009",
    "other": "3002011",
    "respiratory": "3002013",
    "trauma": "3002015",
}
WITNESSES: Final = {
    "not_witnessed": "3004001",
    "family": "3004003",
    "healthcare_provider": "3004005",
    "bystander": "3004007",
}
RESUSCITATION: Final = {
    "not_attempted_futile": "3003007",
    "not_attempted_dnr": "3003009",
    "not_attempted_signs_of_circulation": "3003011",
}
FIRST_RHYTHMS: Final = {
    "asystole": "3011001",
    "pea": "3011005",
    "unknown_non_shockable": "3011007",
    "unknown_shockable": "3011009",
    "ventricular_fibrillation": "3011011",
    "pulseless_ventricular_tachycardia": "3011013",
}
ROSC_BEFORE_ARRIVAL: Final = "3012005"
ENDINGS: Final = {
    "dnr": "3016001",
    "medical_order": "3016003",
    "obvious_signs_of_death": "3016005",
    "unable_to_continue": "3016007",
    "protocol_completed": "3016009",
    "rosc": "3016011",
}
ENDS_OF_EVENT: Final = {
    "died_in_emergency_department": "3018001",
    "died_on_scene": "3018003",
    "ongoing_at_handover": "3018005",
    "rosc": "3018007",
}
CONTACT_MADE: Final = "4227001"
UNIT_DISPOSITIONS: Final = {"no_patient_found": "4227009", "cancelled": "4227005"}
CARE_DISPOSITIONS: Final = {"refused_care": "4228003"}
CARE_PROVIDED: Final = "4228001"
TRANSPORTS: Final = {
    "conveyed": "4230001",
    "transferred_to_other_unit": "4230005",
    "refused_transport": "4230009",
    "treated_on_scene": "4230013",
    "referred": "4230013",
    "dead_on_scene": "4230013",
    "no_patient_found": "4230013",
    "cancelled": "4230013",
}
