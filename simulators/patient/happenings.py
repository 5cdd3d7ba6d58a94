"""Everything that can happen to a patient, in the words of a scenario file, and what it does.

One member and one line of `EFFECTS` a happening. The values are where an adult of middle age ends
up if nothing else happens; a scenario may name others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from simulators.patient.rhythms import Rhythm, Territory


class EventKind(Enum):
    """Something that happens to the patient or is done to them; the value is the file's word."""

    NOTE = "note"
    # rhythms
    SINUS_RHYTHM = "sinus rhythm"
    SINUS_BRADYCARDIA = "sinus bradycardia"
    SINUS_TACHYCARDIA = "sinus tachycardia"
    ATRIAL_FIBRILLATION = "atrial fibrillation"
    VENTRICULAR_TACHYCARDIA = "ventricular tachycardia"
    PACED_RHYTHM = "paced rhythm"
    # arrest
    ARREST = "ventricular fibrillation"
    PULSELESS_VT = "pulseless ventricular tachycardia"
    ASYSTOLE = "asystole"
    PULSELESS_ACTIVITY = "pulseless electrical activity"
    CPR_STARTED = "compressions start"
    CPR_PAUSED = "compressions pause"
    CHARGED = "defibrillator charged"
    SHOCK = "shock"
    ROSC = "return of circulation"
    # illness
    INFERIOR_INFARCTION = "inferior infarction"
    ANTERIOR_INFARCTION = "anterior infarction"
    LATERAL_INFARCTION = "lateral infarction"
    POSTERIOR_INFARCTION = "posterior infarction"
    BLEEDING = "bleeding"
    BLEEDING_STOPPED = "bleeding stopped"
    SEPSIS = "sepsis"
    SEPTIC_SHOCK = "septic shock"
    BREATHING_DEPRESSED = "breathing depressed"
    APNOEA = "apnoea"
    BRONCHOSPASM = "bronchospasm"
    DESATURATION = "desaturation"
    LOW_GLUCOSE = "low glucose"
    PAIN = "pain"
    PAIN_EASED = "pain eased"
    # care
    OXYGEN = "oxygen"
    BAGGED = "ventilation starts"
    BAGGING_STOPPED = "ventilation stops"
    ADRENALINE = "adrenaline"
    BRONCHODILATOR = "bronchodilator"
    FLUIDS = "fluids"
    NALOXONE = "naloxone"
    GLUCOSE_GIVEN = "glucose given"
    # trouble with the sensors
    ELECTRODES_OFF = "electrodes off"
    ELECTRODES_ON = "electrodes on"
    PROBE_OFF = "finger probe off"
    PROBE_ON = "finger probe on"
    CUFF_OFF = "cuff off"
    CUFF_ON = "cuff on"
    AIRWAY_LINE_OFF = "airway line off"
    AIRWAY_LINE_ON = "airway line on"
    MOTION_STARTS = "motion starts"
    MOTION_STOPS = "motion stops"
    # whose readings they are
    ON_BOARD = "patient on board"
    HANDED_OVER = "patient handed over"


class Circumstance(Enum):
    """What holds for a while: hands, bags, and what is wrong between patient and sensor."""

    COMPRESSIONS = "chest compressions"
    VENTILATED = "ventilated by hand"
    MOTION = "motion"
    ELECTRODES_OFF = "electrodes off"
    PROBE_OFF = "finger probe off"
    CUFF_OFF = "cuff off"
    AIRWAY_LINE_OFF = "airway line off"
    NOBODY = "no patient on board"


C = Circumstance
Circumstances = frozenset[Circumstance]
NONE: Final[Circumstances] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Where quantities go from now on, what begins, what ends."""

    goes_to: dict[str, float] = field(default_factory=dict)
    rhythm: Rhythm | None = None
    territory: Territory | None = None
    begins: Circumstances = NONE
    ends: Circumstances = NONE


_NO_FLOW: Final = {
    "spo2": 60.0,
    "systolic": 18.0,
    "diastolic": 12.0,
    "perfusion": 0.0,
    "respiratory_rate": 0.0,
    "end_tidal": 10.0,
}
_NO_COMPRESSIONS: Final = {"systolic": 18.0, "diastolic": 12.0, "end_tidal": 10.0}


def _effect(rhythm: Rhythm | None = None, /, **goes_to: float) -> Effect:
    return Effect(goes_to=goes_to, rhythm=rhythm)


def _rhythm(rhythm: Rhythm, rate: float) -> Effect:
    return Effect(rhythm=rhythm, goes_to={"heart_rate": rate})


def _no_flow(rhythm: Rhythm, **also: float) -> Effect:
    return Effect(rhythm=rhythm, goes_to=_NO_FLOW | also)


def _infarction(territory: Territory, **goes_to: float) -> Effect:
    return Effect(territory=territory, goes_to={"st_elevation": 0.25} | goes_to)


def _begins(circumstance: Circumstance) -> Effect:
    return Effect(begins=frozenset({circumstance}))


def _ends(circumstance: Circumstance) -> Effect:
    return Effect(ends=frozenset({circumstance}))


K, R, T = EventKind, Rhythm, Territory
EFFECTS: Final[dict[EventKind, Effect]] = {
    K.NOTE: Effect(),
    K.SINUS_RHYTHM: _rhythm(R.SINUS, 78.0),
    K.SINUS_BRADYCARDIA: _rhythm(R.SINUS, 42.0),
    K.SINUS_TACHYCARDIA: _rhythm(R.SINUS, 128.0),
    K.ATRIAL_FIBRILLATION: _rhythm(R.ATRIAL_FIBRILLATION, 118.0),
    K.VENTRICULAR_TACHYCARDIA: _effect(
        R.VENTRICULAR_TACHYCARDIA, heart_rate=178.0, systolic=88.0, diastolic=58.0, perfusion=0.5
    ),
    K.PACED_RHYTHM: _rhythm(R.PACED, 70.0),
    K.ARREST: _no_flow(R.VENTRICULAR_FIBRILLATION),
    K.PULSELESS_VT: _no_flow(R.VENTRICULAR_TACHYCARDIA, heart_rate=190.0),
    K.ASYSTOLE: _no_flow(R.ASYSTOLE),
    K.PULSELESS_ACTIVITY: _no_flow(R.PULSELESS_ACTIVITY, heart_rate=44.0),
    K.CPR_STARTED: Effect(
        goes_to={"systolic": 60.0, "diastolic": 22.0, "end_tidal": 18.0},
        begins=frozenset({C.COMPRESSIONS}),
    ),
    K.CPR_PAUSED: Effect(goes_to=_NO_COMPRESSIONS, ends=frozenset({C.COMPRESSIONS})),
    K.CHARGED: Effect(),
    K.SHOCK: _effect(R.ASYSTOLE, impedance=75.0),
    K.ROSC: Effect(
        rhythm=R.SINUS,
        goes_to={
            "heart_rate": 112.0,
            "spo2": 95.0,
            "systolic": 98.0,
            "diastolic": 61.0,
            "perfusion": 0.8,
            "respiratory_rate": 12.0,
            "end_tidal": 45.0,
            "temperature": 36.2,
        },
        ends=frozenset({C.COMPRESSIONS}),
    ),
    K.INFERIOR_INFARCTION: _infarction(T.INFERIOR, heart_rate=54.0, systolic=102.0),
    K.ANTERIOR_INFARCTION: _infarction(T.ANTERIOR, heart_rate=102.0, systolic=108.0),
    K.LATERAL_INFARCTION: _infarction(T.LATERAL, heart_rate=92.0),
    K.POSTERIOR_INFARCTION: _infarction(T.POSTERIOR, heart_rate=88.0),
    K.BLEEDING: _effect(
        heart_rate=134.0,
        systolic=76.0,
        diastolic=48.0,
        perfusion=0.35,
        respiratory_rate=26.0,
        end_tidal=28.0,
        spo2=94.0,
        temperature=35.4,
    ),
    K.BLEEDING_STOPPED: _effect(heart_rate=118.0, systolic=88.0, diastolic=56.0, perfusion=0.5),
    K.SEPSIS: _effect(
        heart_rate=116.0, respiratory_rate=26.0, temperature=39.2, systolic=104.0, diastolic=58.0
    ),
    K.SEPTIC_SHOCK: _effect(
        heart_rate=132.0,
        respiratory_rate=30.0,
        systolic=78.0,
        diastolic=40.0,
        perfusion=0.45,
        end_tidal=26.0,
        spo2=91.0,
    ),
    K.BREATHING_DEPRESSED: _effect(
        respiratory_rate=6.0, spo2=84.0, end_tidal=62.0, heart_rate=58.0
    ),
    K.APNOEA: _effect(respiratory_rate=0.0, spo2=68.0, end_tidal=70.0, heart_rate=52.0),
    K.BRONCHOSPASM: _effect(
        obstruction=0.85, respiratory_rate=32.0, spo2=89.0, end_tidal=32.0, heart_rate=126.0
    ),
    K.DESATURATION: _effect(spo2=82.0),
    K.LOW_GLUCOSE: _effect(glucose=36.0, heart_rate=104.0),
    K.PAIN: _effect(heart_rate=108.0, systolic=158.0, diastolic=94.0, respiratory_rate=22.0),
    K.PAIN_EASED: _effect(heart_rate=84.0, systolic=132.0, diastolic=82.0, respiratory_rate=16.0),
    K.OXYGEN: _effect(spo2=98.0),
    K.BAGGED: Effect(goes_to={"spo2": 96.0}, begins=frozenset({C.VENTILATED})),
    K.BAGGING_STOPPED: _ends(C.VENTILATED),
    K.ADRENALINE: _effect(heart_rate=128.0, systolic=142.0, diastolic=82.0),
    K.BRONCHODILATOR: _effect(
        obstruction=0.25, respiratory_rate=22.0, spo2=95.0, end_tidal=38.0, heart_rate=118.0
    ),
    K.FLUIDS: _effect(systolic=102.0, diastolic=64.0, heart_rate=108.0, perfusion=0.7),
    K.NALOXONE: _effect(respiratory_rate=14.0, spo2=96.0, end_tidal=40.0, heart_rate=92.0),
    K.GLUCOSE_GIVEN: _effect(glucose=128.0, heart_rate=84.0),
    K.ELECTRODES_OFF: _begins(C.ELECTRODES_OFF),
    K.ELECTRODES_ON: _ends(C.ELECTRODES_OFF),
    K.PROBE_OFF: _begins(C.PROBE_OFF),
    K.PROBE_ON: _ends(C.PROBE_OFF),
    K.CUFF_OFF: _begins(C.CUFF_OFF),
    K.CUFF_ON: _ends(C.CUFF_OFF),
    K.AIRWAY_LINE_OFF: _begins(C.AIRWAY_LINE_OFF),
    K.AIRWAY_LINE_ON: _ends(C.AIRWAY_LINE_OFF),
    K.MOTION_STARTS: _begins(C.MOTION),
    K.MOTION_STOPS: _ends(C.MOTION),
    # A patient is a new person: everything of the one before ends.
    K.ON_BOARD: Effect(rhythm=R.SINUS, ends=frozenset(Circumstance)),
    K.HANDED_OVER: Effect(begins=frozenset({C.NOBODY})),
}
"""What each happening does."""
