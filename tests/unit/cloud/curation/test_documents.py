"""A document is known by what it says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.curation.documents import LONGEST_TEXT, fingerprint_in, read_document
from cloud.core.kernel.errors import DomainError

ACQI = "query($from:DateTime!){acqiMetrics(fromDate:$from){name value}}"
TOKENS = ["query", "(", "$from", ":", "DateTime!", ")", "{", "acqiMetrics", "(", "fromDate", ":"]
TOKENS += ["$from", ")", "{", "name", "value", "}", "}"]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([" ", "\n", "\t", ",", "\r\n", "# a { note\n"]), min_size=18))
def test_blanks_commas_and_comments_are_not_what_it_says(between: list[str]) -> None:
    spread = "".join(f"{token}{blank}" for token, blank in zip(TOKENS, between, strict=False))
    assert read_document(spread).fingerprint == read_document(ACQI).fingerprint


@settings(max_examples=30)
@given(st.text(alphabet='{}()$:!@. "#\\aqu\n', max_size=60))
def test_any_text_is_read_or_refused_in_our_own_words(text: str) -> None:
    try:
        read = read_document(text)
    except DomainError:
        return
    assert read_document(read.text).fingerprint == read.fingerprint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "syntax_error"),
        ("{", "syntax_error"),
        ("type Query { a: Int }", "syntax_error"),
        ("#" * (LONGEST_TEXT + 1), "too_long"),
        ("{ " + "a " * 1000 + "}", "too_many_tokens"),
        ("{a" * 3000, "too_deep"),
    ],
)
def test_what_cannot_be_read_is_refused_without_being_quoted(text: str, reason: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_document(text)
    assert refused.value.reason == reason
    assert len(refused.value.message) < 100


def test_the_line_of_a_mistake_is_named() -> None:
    with pytest.raises(DomainError, match="line 2"):
        read_document("{\n  a b(!)\n}")


@pytest.mark.parametrize("name", ["", "sha256:", "sha256:xyz", "md5:" + "a" * 64, "a" * 64])
def test_a_document_id_has_one_form(name: str) -> None:
    with pytest.raises(DomainError):
        fingerprint_in(name)
    assert fingerprint_in("sha256:" + "a" * 64) == "a" * 64
