"""The sensor's status bits in the terms of 10425."""

from __future__ import annotations

import pytest

from protocols.gatt import cgm_terms


@pytest.mark.parametrize(
    ("bit", "term"),
    [(0, 0), (3, 3), (9, 7), (13, 11), (16, 12), (23, 19)],
    ids=["stopped", "malfunction", "not allowed", "too cold", "patient low", "too high"],
)
def test_a_bit_of_the_service_is_a_bit_of_the_sensor_status(bit: int, term: int) -> None:
    assert cgm_terms.status_bits(1 << bit) == 0x8000_0000 >> term
    assert cgm_terms.device_bits(1 << bit) == 0


@pytest.mark.parametrize(("bit", "term"), [(1, 25), (5, 5), (8, 16)])
def test_a_bit_of_the_device_goes_under_the_devices_own_term(bit: int, term: int) -> None:
    assert cgm_terms.device_bits(1 << bit) == 0x8000_0000 >> term
    assert cgm_terms.status_bits(1 << bit) == 0
