"""USB PHDC: descriptors as the class defines them, and messages out of a pipe's packets."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.framing.phdc_usb import (
    SIGNATURE,
    Descriptor,
    FunctionDescriptor,
    MetadataDescriptor,
    OtherDescriptor,
    PhdDescriptor,
    Preamble,
    QosDescriptor,
    QualityOfService,
    TransferReader,
    decode_descriptors,
    decode_preamble,
    encode_descriptor,
)

OXIMETER_DESCRIPTORS = [
    ("04200201", FunctionDescriptor(2, has_preambles=True)),
    ("04200200", FunctionDescriptor(2, has_preambles=False)),
    ("0630 0001 0410", PhdDescriptor((4100,))),
    ("0830 0002 0410 0710", PhdDescriptor((4100, 4103))),
    ("04210108", QosDescriptor(1, QualityOfService.MEDIUM_BEST)),
    ("04210103", QosDescriptor(1, QualityOfService.LOW_GOOD | QualityOfService.MEDIUM_GOOD)),
    ("0322AA", MetadataDescriptor(b"\xaa")),
    ("0222", MetadataDescriptor(b"")),
    ("07058102400000", OtherDescriptor(0x05, bytes.fromhex("8102400000"))),
]
APDU = bytes(range(100))


@pytest.mark.parametrize(("octets", "descriptor"), OXIMETER_DESCRIPTORS, ids=str)
def test_a_descriptor_reads_and_writes(octets: str, descriptor: Descriptor) -> None:
    assert decode_descriptors(bytes.fromhex(octets)) == (descriptor,)
    assert encode_descriptor(descriptor) == bytes.fromhex(octets)


def test_descriptors_come_in_a_row() -> None:
    octets = b"".join(bytes.fromhex(octets) for octets, _ in OXIMETER_DESCRIPTORS)
    assert decode_descriptors(octets) == tuple(item for _, item in OXIMETER_DESCRIPTORS)
    assert decode_descriptors(b"") == ()


@pytest.mark.parametrize(
    "octets",
    ["00", "0120", "0420", "042002", "0220", "032001", "0221", "0630000204", "06300002 0410"],
)
def test_a_descriptor_whose_lengths_do_not_fit_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        decode_descriptors(bytes.fromhex(octets))


def test_a_descriptor_longer_than_its_length_octet_is_refused() -> None:
    with pytest.raises(EncodeError):
        encode_descriptor(MetadataDescriptor(bytes(254)))


@settings(max_examples=100)
@given(st.binary(max_size=40))
def test_whatever_comes_only_a_decode_error_leaves(octets: bytes) -> None:
    with suppress(DecodeError):
        assert len(decode_descriptors(octets)) <= len(octets)
    with suppress(DecodeError):
        assert decode_preamble(octets).encode() == octets


def test_a_preamble_is_its_signature_and_four_counts() -> None:
    preamble = Preamble(3, QualityOfService.VERY_HIGH_BEST, b"\x01\x02")
    octets = preamble.encode()
    assert octets == b"PhdcQoSSignature\x03\x01\x20\x02\x01\x02"
    assert decode_preamble(octets) == preamble


@pytest.mark.parametrize(
    "octets", [b"", SIGNATURE, SIGNATURE + b"\x01\x01\x01\x02\x00", b"X" * 20], ids=bytes.hex
)
def test_what_is_no_preamble_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_preamble(octets)


@pytest.mark.parametrize(
    "preamble",
    [Preamble(256, QualityOfService.LOW_GOOD), Preamble(1, QualityOfService.LOW_GOOD, bytes(256))],
    ids=["count", "opaque"],
)
def test_a_preamble_cannot_count_further_than_an_octet(preamble: Preamble) -> None:
    with pytest.raises(EncodeError):
        preamble.encode()


def packets(message: bytes, size: int) -> list[bytes]:
    return [message[at : at + size] for at in range(0, len(message) + 1, size)]


def read(reader: TransferReader, message: bytes, size: int = 64) -> list[Preamble | bytes]:
    found = [reader.receive(packet) for packet in packets(message, size)]
    return [item for item in found if item is not None]


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=200), st.sampled_from([8, 16, 64]))
def test_a_message_is_all_packets_up_to_a_short_one(message: bytes, size: int) -> None:
    reader = TransferReader(size)
    assert read(reader, message, size) == [message]
    assert read(reader, message, size) == [message]
    assert reader.take_dropped() == 0


def test_an_empty_transfer_is_nothing() -> None:
    reader = TransferReader(64)
    assert reader.receive(b"") is None
    assert reader.take_dropped() == 0


def test_a_transfer_longer_than_allowed_is_dropped_and_counted() -> None:
    reader = TransferReader(64, max_octets=90)
    assert read(reader, APDU) == []
    assert read(reader, APDU[:90]) == [APDU[:90]]
    assert reader.take_dropped() == 1
    assert reader.take_dropped() == 0


def test_a_preamble_lets_so_many_transfers_through() -> None:
    reader = TransferReader(64, has_preambles=True)
    preamble = Preamble(2, QualityOfService.MEDIUM_BEST)
    assert read(reader, preamble.encode()) == [preamble]
    assert reader.awaited == 2
    assert read(reader, APDU) + read(reader, APDU) == [APDU, APDU]
    assert reader.awaited == 0
    assert read(reader, APDU) == []
    assert reader.take_dropped() == 1


def test_a_preamble_that_cuts_a_group_short_counts_what_is_missing() -> None:
    reader = TransferReader(64, has_preambles=True)
    preamble = Preamble(3, QualityOfService.LOW_GOOD)
    read(reader, preamble.encode())
    read(reader, APDU)
    assert read(reader, preamble.encode()) == [preamble]
    assert reader.take_dropped() == 2


def test_a_damaged_preamble_is_dropped_and_opens_nothing() -> None:
    reader = TransferReader(64, has_preambles=True)
    assert read(reader, SIGNATURE + b"\x01") == []
    assert read(reader, APDU) == []
    assert reader.take_dropped() == 2


def test_a_reset_device_leaves_nothing_unfinished() -> None:
    reader = TransferReader(64, has_preambles=True)
    read(reader, Preamble(1, QualityOfService.LOW_GOOD).encode())
    reader.receive(APDU[:64])
    reader.clear()
    assert reader.awaited == 0
    assert read(reader, APDU) == []
    assert reader.take_dropped() == 1
