"""Measuring a document: what it is, however it is written, and never long in the measuring."""

from __future__ import annotations

import pytest
from graphql import get_operation_ast, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.api.graphql.limits import DEEPEST, MOST_COST, check_cost, check_shape
from cloud.api.graphql.schema import SCHEMA
from cloud.core.kernel.errors import InvalidError, TooCostlyError

ROUTES = 'telephonyRoutes(tenantId: "t"'


def cost(text: str, **variables: object) -> int:
    tree = parse(text)
    operation = get_operation_ast(tree)
    assert operation is not None
    return check_cost(SCHEMA.graphql_schema, tree, operation, variables)


def test_a_list_counts_by_the_most_it_can_give() -> None:
    assert cost(f"{{ {ROUTES}) {{ id }} }}") == 101
    assert cost(f"{{ {ROUTES}, first: 5) {{ id did }} }}") == 11
    paged = f"query($n: Int! = 7) {{ {ROUTES}, first: $n) {{ id }} }}"
    assert cost(paged) == 8
    assert cost(paged, n=2) == 3
    # What is no number is for the schema to refuse: it counts as if nothing was said.
    assert cost(paged, n="2") == 101
    assert cost(f"query($n: Int) {{ {ROUTES}, first: $n) {{ id }} }}") == 101


@pytest.mark.parametrize("first", [0, -1, 101, 10**9])
def test_a_page_has_a_most_and_a_least(first: int) -> None:
    with pytest.raises(InvalidError, match="invalid_first"):
        cost(f"{{ {ROUTES}, first: {first}) {{ id }} }}")


def test_a_mutation_is_counted_in_its_own_root() -> None:
    assert cost('mutation { deleteTelephonyRoute(tenantId: "t", id: "r") }') == 1
    changed = 'mutation { upsertTelephonyRoute(tenantId: "t", input: {}) { id did __typename } }'
    assert cost(changed) == 4


def test_fragments_count_wherever_they_are_spread() -> None:
    inline = f"{{ {ROUTES}, first: 2) {{ ... on TelephonyRoute {{ id }} ... {{ did }} }} }}"
    spread = (
        f"{{ {ROUTES}, first: 2) {{ ...A ...A }} }} fragment A on TelephonyRoute {{ ...B }} "
        "fragment B on TelephonyRoute { id }"
    )
    assert cost(inline) == cost(spread) == 5


def test_what_would_be_too_much_is_refused() -> None:
    lists = " ".join(f"a{n}: {ROUTES}) {{ {'id ' * 30} }}" for n in range(4))
    with pytest.raises(TooCostlyError, match="too_costly"):
        cost(f"{{ {lists} }}")
    assert MOST_COST == 10_000


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["field", "inline", "fragment"]), min_size=1, max_size=12))
def test_depth_is_the_same_however_it_is_wrapped(steps: list[str]) -> None:
    """Only fields are levels; fragments of either kind are not."""
    text, fragments = "{ end }", ""
    for place, step in enumerate(steps):
        if step == "field":
            text = f"{{ a {text} }}"
        elif step == "inline":
            text = f"{{ ... {text} }}"
        else:
            fragments += f" fragment F{place} on Query {text}"
            text = f"{{ ...F{place} }}"
    depth = steps.count("field") + 1
    tree = parse(text + fragments)
    if depth > DEEPEST:
        with pytest.raises(TooCostlyError, match="too_deep"):
            check_shape(tree)
    else:
        check_shape(tree)


def test_a_document_that_multiplies_itself_is_measured_as_fast_as_it_is_read() -> None:
    chain = " ".join(
        f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} }}" for n in range(60)
    )
    with pytest.raises(TooCostlyError, match="too_many_fields"):
        check_shape(parse(f"{{ ...F0 }} {chain} fragment F60 on Query {{ a }}"))
