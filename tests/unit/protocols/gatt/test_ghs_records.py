"""Records of observations: every kind of value has one class."""

from __future__ import annotations

from protocols.gatt.ghs_records import CLASSES, ObservationClass


def test_every_class_but_the_bundle_has_one_kind_of_value() -> None:
    assert set(CLASSES.values()) == set(ObservationClass) - {ObservationClass.BUNDLE}
    assert len(set(CLASSES.values())) == len(CLASSES)
