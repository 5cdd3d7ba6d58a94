"""Codes of ISO/IEEE 11073-10101: a term in a partition, and units of measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError

PARTITION_DIMENSIONS: Final = 4
_U16: Final = 0xFFFF
_EUI_48: Final = 6
_EUI_64: Final = 8
_FILLING: Final = b"\xff\xfe"


@dataclass(frozen=True, slots=True, order=True)
class MdcCode:
    """One nomenclature term: `partition` and `term`, both 0..65535 (10101, context-sensitive)."""

    partition: int
    term: int

    def __post_init__(self) -> None:
        if not (0 <= self.partition <= _U16 and 0 <= self.term <= _U16):
            raise DecodeError(f"no such term {self.partition}:{self.term}", clause="10101 5.2")

    @property
    def cf_code(self) -> int:
        """The context-free 32-bit form, partition x 65536 + term (10101; FHIR's code)."""
        return (self.partition << 16) | self.term

    @classmethod
    def from_cf_code(cls, code: int) -> MdcCode:
        """The term of a context-free 32-bit code; DecodeError when it is out of range."""
        return cls(code >> 16, code & _U16)

    @classmethod
    def parse(cls, text: str) -> MdcCode:
        """Read `partition:term`, as `str()` writes it; DecodeError for anything else."""
        partition, colon, term = text.partition(":")
        if not (colon and partition.isdecimal() and term.isdecimal()):
            raise DecodeError(f"a code is written partition:term, not {text!r}")
        return cls(int(partition), int(term))

    def __str__(self) -> str:
        return f"{self.partition}:{self.term}"


@dataclass(frozen=True, slots=True, order=True)
class UnitCode:
    """A unit of measure: `term` in partition 4 of 10101 (MDC_DIM_*)."""

    term: int

    def __post_init__(self) -> None:
        if not 0 <= self.term <= _U16:
            raise DecodeError(f"no such unit {self.term}", clause="10101 Annex A.6")

    @property
    def code(self) -> MdcCode:
        """The unit as a term of partition 4."""
        return MdcCode(PARTITION_DIMENSIONS, self.term)

    @property
    def cf_code(self) -> int:
        """The context-free 32-bit form, 262144 + term."""
        return self.code.cf_code


@dataclass(frozen=True, slots=True, order=True)
class SystemId:
    """A device's System-Id: eight opaque octets, usually an EUI-64 (20601 MDS, System-Id)."""

    octets: bytes

    def __post_init__(self) -> None:
        # Some devices send text (`LNIAGENT`) or other lengths; they are identities all the same.
        if not 1 <= len(self.octets) <= 64:
            raise DecodeError(f"System-Id of {len(self.octets)} octets", clause="20601 System-Id")

    @classmethod
    def parse(cls, text: str) -> SystemId:
        """Read hexadecimal digits, with or without `-` or `:` between octets."""
        try:
            return cls(bytes.fromhex(text.replace("-", "").replace(":", "")))
        except ValueError as exc:
            raise DecodeError(f"not a System-Id: {text!r}") from exc

    @classmethod
    def from_address(cls, octets: bytes) -> SystemId:
        """The EUI-64 made of an EUI-48, such as a Bluetooth address: FF FE between its halves.

        DecodeError for anything but six octets (IEEE guidelines for EUI, mapping of an EUI-48).
        """
        if len(octets) != _EUI_48:
            raise DecodeError(f"EUI-48 of {len(octets)} octets", clause="IEEE EUI-48 to EUI-64")
        half = _EUI_48 // 2
        return cls(octets[:half] + _FILLING + octets[half:])

    @property
    def address(self) -> bytes | None:
        """The six octets of the EUI-48 that this EUI-64 was made of, None where of none."""
        half = _EUI_48 // 2
        if len(self.octets) != _EUI_64 or self.octets[half:-half] != _FILLING:
            return None
        return self.octets[:half] + self.octets[-half:]

    @property
    def hex(self) -> str:
        """Upper-case hexadecimal digits without separators."""
        return self.octets.hex().upper()

    def __str__(self) -> str:
        return self.octets.hex("-").upper()
