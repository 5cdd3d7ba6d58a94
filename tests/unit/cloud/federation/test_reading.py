"""XML of strangers becomes a plain tree, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.federation.reading import MOST_OCTETS, Element, read
from cloud.core.federation.refusals import SamlRefusedError

TEXT = st.text(
    st.characters(min_codepoint=1, exclude_categories=("Cs", "Cc")) | st.sampled_from("\t\n\r"),
    max_size=20,
)


def refused(octets: bytes, **how: bool) -> str:
    with pytest.raises(SamlRefusedError) as raised:
        read(octets, **how)
    assert raised.value.__cause__ is None or raised.value.reason == "malformed_xml"
    return raised.value.reason


def test_names_are_told_by_what_their_prefixes_mean() -> None:
    root = read(b'<a:x xmlns:a="urn:1"><x xmlns="urn:2" b="1"> t <a:y/></x></a:x>')
    assert (root.namespace, root.name, root.written) == ("urn:1", "x", "a:x")
    (inner,) = root.named("urn:2", "x")
    assert (inner.text, inner.get("b"), inner.get("c")) == ("t", "1", "")
    assert [(one.namespace, one.name) for one in root.walk()] == [
        ("urn:1", "x"),
        ("urn:2", "x"),
        ("urn:1", "y"),
    ]
    assert repr(inner) == "<x>"


def test_an_element_alone_takes_the_prefixes_along_that_were_in_force() -> None:
    root = read(b'<a:x xmlns:a="urn:1" xmlns:q="urn:&quot;&lt;"><a:y z="q:v">&amp;</a:y></a:x>')
    alone = root.elements[0].alone()
    again = read(alone.encode())
    assert (again.namespace, again.get("z"), again.text) == ("urn:1", "q:v", "&")
    assert again.scope["q"] == 'urn:"<'


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT)
def test_what_is_written_anew_reads_the_same(text: str, value: str) -> None:
    element = Element("x", "", "x", {"v": value}, {}, [text])
    again = read(element.alone().encode())
    assert "".join(str(one) for one in again.content) == text
    assert again.get("v") == value


def test_a_document_type_and_its_entities_never_begin() -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>'
    for octets in (bomb, b"<!DOCTYPE r><r/>", b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>'):
        assert refused(octets) == "doctype"
        assert refused(octets, with_comments=True) == "doctype"


def test_comments_are_for_metadata_and_instructions_for_nobody() -> None:
    assert refused(b"<r>a<!-- b -->c</r>") == "comment"
    assert read(b"<r>a<!-- b -->c</r>", with_comments=True).text == "ac"
    assert refused(b"<r><?x y?></r>", with_comments=True) == "processing_instruction"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<r>",
        b"<r></s>",
        b"<r/><r/>",
        b"<r>&unknown;</r>",
        b'<r a="1" a="2"/>',
        b"<a:r/>",
        b'<r a:b="1"/>',
        b'<a:b:r xmlns:a="u"/>',
        b"<:r/>",
        b"<r>\xff</r>",
        b"<r>\x00</r>",
        '<?xml version="1.0" encoding="utf-16"?><r/>'.encode("utf-16"),
    ],
)
def test_what_is_no_document_is_refused(octets: bytes) -> None:
    assert refused(octets) == "malformed_xml"


def test_size_depth_width_and_attributes_are_bounded() -> None:
    wide = "".join(f' a{number}="1"' for number in range(70))
    for octets in (
        b"<r>" + b" " * MOST_OCTETS + b"</r>",
        b"<r>" * 50,
        b"<r>" + b"<s/>" * 5000 + b"</r>",
        f"<r{wide}/>".encode(),
    ):
        assert refused(octets) == "too_large"


def test_another_claimed_encoding_changes_nothing() -> None:
    root = read('<?xml version="1.0" encoding="iso-8859-1"?><r>\u00e9</r>'.encode())
    assert root.text == "\u00e9"
