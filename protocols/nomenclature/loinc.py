"""LOINC codes of terms, where the unit picks among them.

A row: context-free code, UCUM units it holds for (empty: any, none included), LOINC codes. The
first row that fits counts. Confirmed in public profiles unless marked `w` (found in public code,
check digit right, to be confirmed against LOINC itself).
"""

from __future__ import annotations

from typing import Final

_PRESSURES: Final = ("mm[Hg]", "kPa")

# fmt: off
LOINC_ROWS: Final[tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...]] = (
    (147842, (), ("8867-4",)),                       # heart rate, ECG
    (149530, (), ("8867-4", "8889-8")),              # pulse, oximeter (8889-8 w)
    (149514, (), ("8867-4",)),                       # pulse
    (149546, (), ("8867-4",)),                       # pulse, cuff
    (150456, (), ("2708-6", "59408-5")),             # SpO2: US Core wants both
    (152196, (), ("3150-0",)),                       # inspired oxygen
    (150020, (), ("85354-9",)),                      # blood pressure panel
    (150021, (), ("8480-6",)),
    (150022, (), ("8462-4",)),
    (150023, (), ("8478-0",)),
    (151562, (), ("9279-1",)),                       # respiration rates
    (151570, (), ("9279-1",)),
    (151578, (), ("9279-1",)),
    (151586, (), ("9279-1",)),
    (151594, (), ("9279-1",)),
    (151708, ("%",), ("19889-5",)),                  # end-tidal CO2 as concentration
    (151708, _PRESSURES, ("19891-1",)),              # ... as pressure (w)
    (151728, _PRESSURES, ("19891-1",)),
    (150344, (), ("8310-5",)),
    (150364, (), ("8310-5",)),
    (150368, (), ("8310-5",)),
    (150392, (), ("8310-5", "8333-7")),              # tympanic (8333-7 w)
    (160020, ("mg/dL",), ("2339-0",)),               # glucose in blood: mass
    (160020, ("mmol/L",), ("15074-8",)),             # ... moles
    (160184, ("mg/dL",), ("41653-7",)),              # glucose, capillary: mass (w)
    (160184, ("mmol/L",), ("14743-9",)),             # ... moles (w)
    (153728, (), ("9269-2",)),                       # Glasgow coma score
    (184327, (), ("67519-9",)),                      # cardiac rhythm
    (188736, (), ("29463-7",)),                      # body weight
    (188740, (), ("8302-2",)),                       # body height
    (131328, (), ("11524-6",)),                      # ECG
    (131329, (), ("11524-6",)),
    (131330, (), ("11524-6",)),
    (131389, (), ("11524-6",)),
)
# fmt: on
