"""What a specialization is: data, nothing to subclass."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.ieee20601.configuration import Configuration
from protocols.model.codes import MdcCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialization:
    """One kind of device of the 11073-104xx family, for both roles.

    `profile` is the term of partition 8 an agent names in its MDS, at `profile_version`;
    `standard_configurations` those every manager knows; `configuration` the one an agent of this
    kind offers.
    """

    name: str
    standard: str
    profile: MdcCode
    profile_version: int
    configuration: Configuration
    standard_configurations: tuple[Configuration, ...] = ()
