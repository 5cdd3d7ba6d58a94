"""A specialization is data and cannot be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from protocols.model.codes import MdcCode
from protocols.specializations.base import Specialization
from protocols.specializations.pulse_oximeter import STANDARD


def test_a_specialization_is_frozen() -> None:
    made = Specialization(
        name="made",
        standard="none",
        profile=MdcCode(8, 4100),
        profile_version=1,
        configuration=STANDARD,
    )
    assert made.standard_configurations == ()
    with pytest.raises(FrozenInstanceError):
        setattr(made, "name", "other")  # noqa: B010 - a type checker refuses the plain form
