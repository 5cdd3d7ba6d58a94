"""Forms: what the rows of one series share, and what is a row's own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity
from protocols.model.quantity import SpecialValue
from protocols.uplink import records as rec
from protocols.uplink.forms import FormBook

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TYPE = MdcCode(2, 19384)
DEVICE = b"\x11\x22\x33\x44\x55\x66\x77\x88"
COMMON = rec.CommonRecord(UUID(int=7), TYPE.cf_code, rec.TimeRecord(NOON, "received"), DEVICE)
HERE = (DEVICE, "received", "", 0)


def numeric(value: str, unit: int = 544) -> rec.NumericRecord:
    return rec.NumericRecord(COMMON, rec.QuantityRecord(value, unit))


def samples(sequence: int | None = None) -> rec.SamplesRecord:
    return rec.SamplesRecord(COMMON, b"\x01\x00\xff\xff", 2, "0.1", "0", 4000, 4274, sequence)


def test_values_of_the_same_digits_have_one_form() -> None:
    book = FormBook()
    owns = book.owns_of(
        [numeric(value) for value in ("97", "96", "9.5", "97", SpecialValue.NAN.value)]
    )
    found = [own for own in owns if own is not None]
    assert [own.numbers for own in found] == [(97,), (96,), (95,), (97,), ()]
    assert found[0] is found[3], "it was worked out once"
    assert book.take([COMMON] * 5, found, [HERE] * 5) == [0, 0, 1, 0, 2]
    assert [form.parts for form in book.forms] == [
        ((0, 544, 0, ""),),
        ((0, 544, -1, ""),),
        ((0, 544, 0, SpecialValue.NAN.value),),
    ]


def test_forms_are_apart_by_unit_kind_and_what_their_times_have_in_common() -> None:
    book = FormBook()
    records: list[rec.ContentRecord] = [
        numeric("97"),
        numeric("97", 512),
        rec.CodedRecord(COMMON, 97),
        numeric("97"),
    ]
    found = [own for own in book.owns_of(records) if own is not None]
    elsewhere = (DEVICE, "device", "base-offset", 3600)
    assert book.take([COMMON] * 4, found, [HERE, HERE, HERE, elsewhere]) == [0, 1, 2, 3]
    assert [form.kind for form in book.forms] == ["n", "n", "e", "n"]
    assert book.forms[3][4:7] == elsewhere[1:]


def test_waveforms_say_what_their_samples_mean_and_how_long_they_last() -> None:
    book = FormBook()
    owns = [own for own in book.owns_of([samples(), samples(9)]) if own is not None]
    assert [own.numbers for own in owns] == [(2,), (2, 9)]
    for own in owns:
        assert own.duration_us == 8000
        assert own.samples is not None
        assert own.samples.tolist() == [1, -1]
    book.take([COMMON] * 2, owns, [HERE] * 2)
    assert [(form.samples, form.counts_reports) for form in book.forms] == [
        (("0.1", "0", 4000), False),
        (("0.1", "0", 4000), True),
    ]


def test_what_fits_no_column_has_nothing_of_its_own() -> None:
    records: list[rec.ContentRecord] = [
        rec.TextRecord(COMMON, "words"),
        numeric("-0"),
        rec.CodedRecord(COMMON, -1),
    ]
    assert FormBook().owns_of(records) == [None, None, None]


def test_the_name_of_an_id_stands_around_the_stamp() -> None:
    book, identity = FormBook(), Identity.of(SystemId(DEVICE), TYPE)
    owns = [own for own in book.owns_of([numeric("97"), samples()]) if own is not None]
    forms = book.take([COMMON] * 2, owns, [HERE] * 2)
    for name, lasts in zip(book.names_of(forms, [b"at"] * 2, owns), (0, 8000), strict=True):
        assert name == identity.head + b"at" + identity.behind(lasts)


def test_the_first_row_of_impossible_codes_is_told() -> None:
    book = FormBook()
    spoilt = rec.CommonRecord(UUID(int=7), 1 << 40, COMMON.time, DEVICE)
    worse = rec.CommonRecord(UUID(int=7), 1 << 50, COMMON.time, DEVICE)
    owns = [own for own in book.owns_of([numeric("97")] * 3) if own is not None]
    assert book.take([COMMON, spoilt, worse], owns, [HERE] * 3) == [0, -1, -1]
    first = FormBook()
    first.take([spoilt], owns[:1], [HERE])
    assert book.spoilt == first.spoilt != ""
