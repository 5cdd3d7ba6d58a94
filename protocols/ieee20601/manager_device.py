"""How a manager learns who its device is and what its clocks say: the Get of the MDS."""

from __future__ import annotations

from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.manager_clock import ManagerClock
from protocols.ieee20601.remote_operations import RorsGet
from protocols.ieee20601.requests import get_all
from protocols.model.device import DeviceInfo


class ManagerDevice(ManagerClock):
    """The part of a manager that reads the MDS."""

    def _get_mds(self, now: float) -> None:
        self._associated().holding = True
        self._ask(
            get_all(),
            RorsGet,
            what="GetMds",
            seconds=self._policy.timeouts.get,
            answered=self._mds_read,
            refused=self._go_on_without_mds,
            now=now,
        )

    def _mds_read(self, answer: RorsGet, now: float) -> None:
        association = self._associated()
        facts = read_mds(
            answer.attributes,
            system_id=association.system_id,
            utc=self._utc(now),
            tolerances=self._policy.tolerances,
        )
        association.clock = facts.clock
        self._tell(facts.notes)
        if association.is_of_other_firmware(facts.info.firmware):
            # Another firmware may mean other things by the same id: what waits would be misread.
            association.held.clear()
            association.misremembered = True
            return
        self._begin_work(facts.info, now)

    def _go_on_without_mds(self, now: float) -> None:
        self._begin_work(DeviceInfo(system_id=self._associated().system_id), now)

    def _begin_work(self, info: DeviceInfo, now: float) -> None:
        """The device is known as well as it will be: hand on what waited, switch its
        scanners on, set its clock, fetch what it stored."""
        self._describe(info)
        self._release_held()
        self._enable_scanners(now)
        if self._is_clock_to_set(now):
            self._set_time(now, then=self._collect_stored)
        else:
            self._collect_stored(now)
