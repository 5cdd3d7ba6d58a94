"""The typed door to construct: frozen dataclasses in, octets out, and the reverse.

A record is declared once. `wire()` gives a field its construct; `Codec` reads and writes whole
buffers of it. Whatever the octets are, decoding gives the record or raises `DecodeError`.

    @dataclass(frozen=True, slots=True)
    class ObservationScanFixed:
        handle: int = wire(cs.Int16ub)
        values: bytes = wire(OCTET_STRING)

    CODEC: Final = Codec(ObservationScanFixed, clause="20601 Annex A, ObservationScanFixed")

Two things may be forgiven when the caller asks for it, and each becomes a sentence in `notes`:
a list whose count disagrees with its length, and octets behind the end of a value.
"""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Generic, TypeVar

import construct as cs

from protocols.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from construct.core import Context

    Wire = cs.Construct[Any, Any]
else:
    # One construct of any shape; construct's classes take no parameters when they run.
    Wire = cs.Construct

R = TypeVar("R", covariant=True)
_KEY: Final = "wire"


@dataclass(frozen=True, slots=True)
class Leniency:
    """What a decoder forgives.

    `list_counts`: a list's count and length disagree; its length is believed.
    `surplus`: octets behind the end of a value are dropped.
    """

    list_counts: bool = False
    surplus: bool = False


LIST_COUNT_ID: Final = "list-count"
SURPLUS_ID: Final = "surplus-octets"
STRICT: Final = Leniency()
LENIENT: Final = Leniency(list_counts=True, surplus=True)


def tolerated(tolerance_id: str, sentence: str) -> str:
    """The warning of a tolerance: its id first, so that a log can be searched for it."""
    return f"tolerated {tolerance_id}: {sentence}"


def wire(subcon: Wire) -> Any:  # noqa: ANN401  # as dataclasses.field
    """A dataclass field that `subcon` reads and writes."""
    return dataclasses.field(metadata={_KEY: subcon})


def leniency(context: Context) -> Leniency:
    """The leniency of the decode that is going on (for constructs of this package)."""
    found = context._params.get("leniency", STRICT)
    return found if isinstance(found, Leniency) else STRICT


def note(context: Context, sentence: str) -> None:
    """Say what was forgiven (for constructs of this package)."""
    notes = context._params.get("notes")
    if notes is not None:
        notes.append(sentence)


class RecordConstruct(Wire, Generic[R]):
    """The construct of one record: its `wire()` fields in order."""

    def __init__(self, record: type[R]) -> None:
        super().__init__()
        self.record = record
        fields = dataclasses.fields(record)  # type: ignore[arg-type]  # R is a dataclass by contract
        self.parts: tuple[tuple[str, Wire], ...] = tuple(
            (field.name, field.metadata[_KEY]) for field in fields if _KEY in field.metadata
        )

    def _parse(self, stream: IO[bytes], context: Context, path: str) -> R:
        values = {
            name: part._parse(stream, context, f"{path} -> {name}") for name, part in self.parts
        }
        return self.record(**values)

    def _build(self, obj: object, stream: IO[bytes], context: Context, path: str) -> Any:  # noqa: ANN401  # as construct declares it
        if not isinstance(obj, self.record):
            raise cs.ConstructError(f"{type(obj).__name__} is no {self.record.__name__}")
        for name, part in self.parts:
            part._build(getattr(obj, name), stream, context, f"{path} -> {name}")
        return obj


class Codec(Generic[R]):
    """Encode and decode one value, whole buffers only.

    `shape` is a record class with `wire()` fields or a construct; `clause` names the part of the
    standard that says so and goes into every error. Codecs of several records stand in one table
    as codecs of their union; encoding then refuses a record that is another's.
    """

    def __init__(self, shape: type[R] | Wire, *, clause: str) -> None:
        self.clause = clause
        self.wire: Wire = RecordConstruct(shape) if isinstance(shape, type) else shape

    def decode(
        self, octets: bytes, *, leniency: Leniency = STRICT, notes: list[str] | None = None
    ) -> R:
        """The value of `octets`; DecodeError when they do not follow the clause."""
        value, used = self.decode_front(octets, leniency=leniency, notes=notes)
        surplus = len(octets) - used
        if surplus and not leniency.surplus:
            raise DecodeError(f"{surplus} surplus octets", clause=self.clause, offset=used)
        if surplus and notes is not None:
            notes.append(tolerated(SURPLUS_ID, f"{surplus} surplus octets dropped ({self.clause})"))
        return value

    def decode_front(
        self, octets: bytes, *, leniency: Leniency = STRICT, notes: list[str] | None = None
    ) -> tuple[R, int]:
        """The value at the front of `octets` and how many octets it took."""
        stream = io.BytesIO(octets)
        try:
            value: R = self.wire.parse_stream(stream, leniency=leniency, notes=notes)
        except DecodeError as exc:
            clause = exc.clause or self.clause
            raise DecodeError(_sentence(exc), clause=clause, offset=exc.offset) from exc
        except cs.ConstructError as exc:
            raise DecodeError(
                _last_line(exc), clause=self.clause, offset=min(stream.tell(), len(octets))
            ) from exc
        return value, stream.tell()

    def encode(self, value: R) -> bytes:  # type: ignore[misc]  # a table refuses it when it runs
        """The octets of `value`; EncodeError when it has no wire form."""
        try:
            return self.wire.build(value)
        except (cs.ConstructError, DecodeError) as exc:
            raise EncodeError(f"{_last_line(exc)} ({self.clause})") from exc


def _last_line(exc: Exception) -> str:
    """What construct says without its path lines."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return lines[-1] if lines else type(exc).__name__


def _sentence(exc: DecodeError) -> str:
    """The message without its clause, which the new error adds again."""
    text = str(exc)
    return text.removesuffix(f" ({exc.clause})") if exc.clause else text
