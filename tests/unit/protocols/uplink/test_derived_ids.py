"""What both ends say of ids that need not travel."""

from __future__ import annotations

import numpy as np
import pytest

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity
from protocols.uplink import derived_ids

DEVICE = b"\x11\x22\x33\x44\x55\x66\x77\x88"


def test_the_ids_of_a_series_share_all_but_their_times() -> None:
    made = derived_ids.identity_of(DEVICE, (2 << 16) + 19384, ((2 << 16) + 19508,))
    assert made == Identity.of(SystemId(DEVICE), MdcCode(2, 19384), [MdcCode(2, 19508)])


@pytest.mark.parametrize(("type_cf", "supplements"), [(1 << 40, ()), (1, (1 << 40,))])
def test_codes_out_of_range_are_refused(type_cf: int, supplements: tuple[int, ...]) -> None:
    with pytest.raises(DecodeError):
        derived_ids.identity_of(DEVICE, type_cf, supplements)


def test_a_report_begins_at_its_first_place() -> None:
    assert derived_ids.next_report(-1) == 0
    assert derived_ids.next_report((3 << 16) + 5) == 4 << 16
    many = derived_ids.next_report(np.array([-1, (3 << 16) + 5], np.int64))
    assert many.tolist() == [0, 4 << 16]
