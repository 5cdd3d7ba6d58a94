"""Whatever stands in a search, reading it ends in a query or in a refusal."""

from __future__ import annotations

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from cloud.core.kernel.errors import QueryRefusedError
from cloud.fhir.rest.kinds.observation import KIND
from cloud.fhir.rest.query import Query, parse

WORDS = st.sampled_from(
    [*KIND.by_name, "_count", "_sort", "_include", "_revinclude", "_has", "_summary", "_elements"]
)
SIGNS = st.sampled_from(
    ["", ":", ".", ":not", ":Patient", ".identifier", ":identifier", ":iterate"]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\\,|$:./-0123456789TZ+ geltn", max_size=40),
    st.sampled_from(["Patient/1", "2026-11-23", "Observation:patient", "-date", "a|b,c|d"]),
)
PAIRS = st.lists(st.tuples(st.builds(str.__add__, WORDS, SIGNS), VALUES), max_size=5)


@given(PAIRS, st.booleans())
@example([("_sort", "-")], True)
@example([("_elements", ",")], True)
@example([("patient", "\\")], True)
@example([("code", "\\,\\|\\$\\")], False)
def test_a_search_is_understood_or_refused(pairs: list[tuple[str, str]], is_strict: bool) -> None:
    with contextlib.suppress(QueryRefusedError):
        query = parse(
            pairs, KIND.by_name, sorts=KIND.sorts, base="https://cloud.test", is_strict=is_strict
        )
        assert isinstance(query, Query)
        assert 0 <= query.count <= 200
        assert all(one.values for one in query.criteria)
        # What was understood is understood again from a cursor, which holds what was sent.
        again = parse(
            query.sent, KIND.by_name, sorts=KIND.sorts, base="https://cloud.test", is_strict=True
        )
        assert again.criteria == query.criteria
