"""What a specialization is: data, nothing to subclass."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.ieee20601.configuration import Configuration
from protocols.model.codes import MdcCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialization:
    """One kind of device of the 11073-104xx family, for both roles.

    `profile` is the term of partition 8 an agent names in its MDS, at `profile_version`, and
    `sub_profiles` those that say more exactly what it is (an ECG with waveform, a fall sensor);
    `standard_configurations` those every manager knows; `configuration` the one an agent of this
    kind offers; `other_configurations` those it may offer as well, all extended.
    """

    name: str
    standard: str
    profile: MdcCode
    profile_version: int
    configuration: Configuration
    standard_configurations: tuple[Configuration, ...] = ()
    other_configurations: tuple[Configuration, ...] = ()
    sub_profiles: tuple[MdcCode, ...] = ()

    @property
    def type_versions(self) -> tuple[tuple[MdcCode, int], ...]:
        """What the MDS lists (System-Type-Spec-List): profiles and their versions."""
        return tuple((code, self.profile_version) for code in (self.profile, *self.sub_profiles))

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """Every configuration of this kind, each once; the one an agent offers comes first."""
        every = (self.configuration, *self.standard_configurations, *self.other_configurations)
        return tuple({item.config_id: item for item in every}.values())
