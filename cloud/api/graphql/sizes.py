"""How many items a list field may give, for the cost of an operation before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from cloud.core.kernel.errors import InvalidError

MOST: Final = "most"
LONGEST_PAGE: Final = 100
"""Of a list whose field says nothing, and of a page that is asked for by `first`."""


def at_most(count: int) -> Mapping[str, int]:
    """The metadata of a list field that never gives more than this."""
    return {MOST: count}


def most_items(field: GraphQLField) -> int:
    """How many items the field's list may have."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    known = definition.metadata if isinstance(definition, StrawberryField) else {}
    return int(known.get(MOST, LONGEST_PAGE))


def page(first: int) -> int:
    """How many a list gives; InvalidError `invalid_first`."""
    if not 1 <= first <= LONGEST_PAGE:
        raise InvalidError("invalid_first", f"Ask for 1 to {LONGEST_PAGE} at once.")
    return first
