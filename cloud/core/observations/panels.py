"""Which values are measured together: the parts a compound may hold, each at most once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from protocols.model.codes import MdcCode

PANELS: Final[dict[int, tuple[int, ...]]] = {
    150020: (150021, 150022, 150023),  # MDC_PRESS_BLD_NONINV: SYS, DIA, MEAN
    150032: (150033, 150034, 150035),  # MDC_PRESS_BLD_ART
    150036: (150037, 150038, 150039),  # MDC_PRESS_BLD_ART_ABP
    150044: (150045, 150046, 150047),  # MDC_PRESS_BLD_ART_PULM
}
"""By context-free code of the compound: the codes of its parts."""


def parts_of(code: MdcCode) -> tuple[MdcCode, ...]:
    """The parts a compound may hold; empty for a code that is no panel we know."""
    return tuple(MdcCode.from_cf_code(part) for part in PANELS.get(code.cf_code, ()))


def repeated(parts: Sequence[MdcCode]) -> bool:
    """Whether one part comes twice."""
    return len(set(parts)) < len(parts)


def is_sensible(code: MdcCode, parts: Sequence[MdcCode]) -> bool:
    """Whether a compound holds parts of its panel only, each once; unknown panels may hold any."""
    allowed = parts_of(code)
    return not repeated(parts) and (not allowed or set(parts) <= set(allowed))
