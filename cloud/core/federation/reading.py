"""XML of strangers, read into a plain tree before any library sees it.

No document type, and so no entity, no default attribute, nothing fetched; no processing
instruction; bounded in octets, depth, elements and attributes. What goes on to others is written
anew from the tree, so that two parsers cannot see two documents in it: that is what the wrapping of
signatures lives on (Somorovsky et al., "On Breaking SAML", USENIX Security 2012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from cloud.core.federation.refusals import SamlRefusedError

MOST_OCTETS: Final = 262_144
MOST_DEPTH: Final = 40
MOST_ELEMENTS: Final = 5_000
MOST_ATTRIBUTES: Final = 60
XML: Final = "http://www.w3.org/XML/1998/namespace"
_TEXT: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_VALUE: Final = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


@dataclass(slots=True, eq=False)
class Element:
    """One element: its name as written and as it is meant, its attributes as written (namespace
    declarations among them), its elements and texts in order, and the prefixes in force in it.
    """

    written: str
    namespace: str
    name: str
    attributes: Mapping[str, str]
    scope: Mapping[str, str]
    content: list[Element | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """Its child elements."""
        return [one for one in self.content if isinstance(one, Element)]

    @property
    def text(self) -> str:
        """Its own text, without the blanks around it."""
        return "".join(one for one in self.content if isinstance(one, str)).strip()

    def get(self, name: str) -> str:
        """An attribute without a prefix; empty where there is none."""
        return self.attributes.get(name, "")

    def named(self, namespace: str, name: str) -> list[Element]:
        """Its children of one name."""
        return [one for one in self.elements if (one.namespace, one.name) == (namespace, name)]

    def walk(self) -> Iterator[Element]:
        """Itself and everything in it, in the order of the document."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.elements))

    def alone(self) -> str:
        """It and nothing else as a document: every prefix in force is declared on it, so its
        exclusive canonical form is what it was where it stood.
        """
        declared = {
            f"xmlns:{prefix}" if prefix else "xmlns": uri
            for prefix, uri in self.scope.items()
            if prefix != "xml"
        }
        return _written(self, {**declared, **self.attributes})

    def __repr__(self) -> str:
        """Its name alone: what is in it belongs in no log."""
        return f"<{self.name}>"


def read(octets: bytes, *, with_comments: bool = False) -> Element:
    """The root of a document in UTF-8, whatever encoding it claims; SamlRefusedError `too_large`,
    `doctype`, `processing_instruction`, `comment` or `malformed_xml`.

    `with_comments` drops comments instead of refusing them: they have no place in a signed message,
    where they once cut names in two, but people write them into metadata.
    """
    if len(octets) > MOST_OCTETS:
        raise SamlRefusedError("too_large")
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = _refuses("doctype")
    parser.ProcessingInstructionHandler = _refuses("processing_instruction")
    if not with_comments:
        parser.CommentHandler = _refuses("comment")
    try:
        parser.Parse(octets.decode(), True)
    except (expat.ExpatError, ValueError) as exc:
        raise SamlRefusedError("malformed_xml") from exc
    return builder.whole()


class _Builder:
    """Puts the tree together, and stops where it grows too large."""

    def __init__(self) -> None:
        self._open: list[Element] = []
        self._root: Element | None = None
        self._count = 0

    def start(self, written: str, flat: list[str]) -> None:
        self._count += 1
        is_deep = len(self._open) >= MOST_DEPTH
        if is_deep or self._count > MOST_ELEMENTS or len(flat) > 2 * MOST_ATTRIBUTES:
            raise SamlRefusedError("too_large")
        attributes = dict(zip(flat[::2], flat[1::2], strict=True))
        scope = dict(self._open[-1].scope) if self._open else {"xml": XML}
        for name, uri in attributes.items():
            if name == "xmlns":
                scope[""] = uri
            elif name.startswith("xmlns:"):
                scope[name[6:]] = uri
        namespace, name = _meant(written, scope)
        for one in attributes:
            if ":" in one and not one.startswith("xmlns:"):
                _meant(one, scope)
        element = Element(written, namespace, name, attributes, scope)
        if self._open:
            self._open[-1].content.append(element)
        else:
            self._root = element
        self._open.append(element)

    def end(self, _written: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].content.append(text)

    def whole(self) -> Element:
        if self._root is None:
            raise SamlRefusedError("malformed_xml")
        return self._root


def _meant(written: str, scope: Mapping[str, str]) -> tuple[str, str]:
    """Namespace and local name; a prefix nobody declared, or two, refuse the document."""
    prefix, colon, local = written.rpartition(":")
    if ":" in prefix or (colon and not (prefix and local)) or (prefix and not scope.get(prefix)):
        raise SamlRefusedError("malformed_xml")
    return scope.get(prefix, ""), local


def _refuses(reason: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise SamlRefusedError(reason)

    return refuse


def _written(element: Element, attributes: Mapping[str, str]) -> str:
    told = "".join(f" {name}={quoteattr(value, _VALUE)}" for name, value in attributes.items())
    inside = "".join(
        _written(one, one.attributes) if isinstance(one, Element) else one.translate(_ESCAPES)
        for one in element.content
    )
    return f"<{element.written}{told}>{inside}</{element.written}>"


_ESCAPES: Final = str.maketrans(_TEXT)
