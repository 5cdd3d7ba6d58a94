"""What an operation may be before it is run: how deep, how wide, how costly.

Everything is measured through fragments, each fragment once, so that a document that multiplies
itself costs no more to measure than to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from cloud.api.graphql.sizes import most_items, page
from cloud.core.kernel.errors import InvalidError, TooCostlyError

DEEPEST: Final = 6
MOST_ALIASES: Final = 10
MOST_ROOTS: Final = 5
MOST_DIRECTIVES: Final = 20
MOST_COST: Final = 10_000
"""Fields an answer may hold, lists counted by the most they can give."""
_FIRST: Final = "first"


@dataclass(frozen=True, slots=True)
class _Extent:
    """How deep and how wide a selection is."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


@dataclass(slots=True)
class _Shape:
    """Measures selections of one document; a fragment is measured once."""

    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, _Extent] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def of(self, selections: SelectionSetNode | None) -> _Extent:
        """The extent of a selection set; InvalidError for fragments that hold themselves."""
        depth = fields = aliases = 0
        for selection in selections.selections if selections else ():
            inner = _Extent()
            if isinstance(selection, FieldNode):
                inner = self.of(selection.selection_set)
                inner = _Extent(inner.depth + 1, inner.fields, inner.aliases)
                fields += 1
                aliases += selection.alias is not None
            elif isinstance(selection, InlineFragmentNode):
                inner = self.of(selection.selection_set)
                fields += inner.fields
            elif isinstance(selection, FragmentSpreadNode):
                inner = self.of_fragment(selection.name.value)
                fields += inner.fields
            depth, aliases = max(depth, inner.depth), aliases + inner.aliases
        return _Extent(depth, fields, aliases)

    def of_fragment(self, name: str) -> _Extent:
        """The extent of a fragment, nothing for one there is not: that is refused elsewhere."""
        if name in self.open:
            raise InvalidError("fragment_cycle", "Send fragments that do not hold themselves.")
        if name not in self.known and name in self.fragments:
            self.open.add(name)
            self.known[name] = self.of(self.fragments[name].selection_set)
            self.open.discard(name)
        return self.known.get(name, _Extent())


class _Directives(Visitor):
    """Counts directives wherever they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter_directive(self, _node: DirectiveNode, *_: object) -> None:
        """One more."""
        self.count += 1


def check_shape(document: DocumentNode) -> None:
    """TooCostlyError `too_deep`, `too_many_aliases`, `too_many_fields` or `too_many_directives` for
    what no schema is needed to see.
    """
    directives = _Directives()
    visit(document, directives)
    _limit("too_many_directives", directives.count, MOST_DIRECTIVES, "directives")
    shape = _Shape(_fragments(document))
    for operation in _operations(document):
        extent = shape.of(operation.selection_set)
        _limit("too_deep", extent.depth, DEEPEST, "levels of fields")
        _limit("too_many_aliases", extent.aliases, MOST_ALIASES, "aliases")
        _limit("too_many_fields", extent.fields, MOST_ROOTS, "fields at the root")


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """How many fields the answer can have at most, of a document that is valid and has a shape
    that was checked; TooCostlyError `too_costly`, InvalidError `invalid_first`.
    """
    root = (
        schema.mutation_type if operation.operation is OperationType.MUTATION else schema.query_type
    )
    cost = _Cost(schema, _fragments(document), _with_defaults(operation, variables))
    found = cost.of(operation.selection_set, root)
    _limit("too_costly", found, MOST_COST, "fields in the answer")
    return found


@dataclass(slots=True)
class _Cost:
    """Counts what an answer can hold, lists by the most they can give."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, int] = field(default_factory=dict)

    def of(self, selections: SelectionSetNode | None, parent: object) -> int:
        """The fields below one object."""
        total = 0
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                total += self._of_field(selection, parent)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                kind = self.schema.get_type(condition.name.value) if condition else parent
                total += self.of(selection.selection_set, kind)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._of_fragment(selection.name.value)
        return total

    def _of_field(self, selection: FieldNode, parent: object) -> int:
        fields = parent.fields if isinstance(parent, GraphQLObjectType) else {}
        definition = fields.get(selection.name.value)
        if definition is None:
            return 1
        inner = self.of(selection.selection_set, get_named_type(definition.type))
        if not _is_list(definition.type):
            return 1 + inner
        asked = self._first(selection) if _FIRST in definition.args else None
        return 1 + (most_items(definition) if asked is None else asked) * max(1, inner)

    def _of_fragment(self, name: str) -> int:
        fragment = self.fragments[name]
        if name not in self.known:
            kind = self.schema.get_type(fragment.type_condition.name.value)
            self.known[name] = self.of(fragment.selection_set, kind)
        return self.known[name]

    def _first(self, selection: FieldNode) -> int | None:
        for argument in selection.arguments or ():
            if argument.name.value != _FIRST:
                continue
            value: object = None
            if isinstance(argument.value, IntValueNode):
                value = int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                value = self.variables.get(argument.value.name.value)
            if value is None:
                return None
            return page(value) if type(value) is int else None
        return None


def _with_defaults(
    operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """The variables that were sent, and the whole numbers the operation has for the others."""
    defaults = {
        one.variable.name.value: int(one.default_value.value)
        for one in operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }
    return {**defaults, **variables}


def _is_list(kind: GraphQLOutputType) -> bool:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(inner, GraphQLList)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            yield one


def _limit(reason: str, found: int, most: int, what: str) -> None:
    if found > most:
        raise TooCostlyError(reason, f"Send an operation of at most {most} {what}.")
