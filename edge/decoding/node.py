"""A decoded item as a tree: what each field says and which octets say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

Scalar = str | int | bool | None
Tree = Scalar | dict[str, "Tree"] | list["Tree"]


@dataclass(frozen=True, slots=True)
class Node:
    """One field: a plain value, named fields or a list, from octet `start` up to `end`.

    Both are None where a field has no octets of its own. `note` explains the value to people
    (the names of bits, the name of a code) and is no part of the JSON.
    """

    content: Scalar | dict[str, Node] | list[Node]
    start: int | None = None
    end: int | None = None
    note: str = ""

    def children(self) -> Iterator[tuple[str, Node]]:
        """The fields below this one, by name or position."""
        if isinstance(self.content, dict):
            yield from self.content.items()
        elif isinstance(self.content, list):
            yield from ((str(position), item) for position, item in enumerate(self.content))

    def moved(self, by: int | None) -> Node:
        """The same tree, its octets so much further behind; without octets for None."""
        content = self.content
        if isinstance(content, dict):
            content = {name: child.moved(by) for name, child in content.items()}
        elif isinstance(content, list):
            content = [child.moved(by) for child in content]
        if by is None or self.start is None or self.end is None:
            return replace(self, content=content, start=None, end=None)
        return replace(self, content=content, start=self.start + by, end=self.end + by)


def tree_of(node: Node) -> Tree:
    """The values alone, as JSON has them."""
    if isinstance(node.content, dict):
        return {name: tree_of(child) for name, child in node.content.items()}
    if isinstance(node.content, list):
        return [tree_of(child) for child in node.content]
    return node.content


def ranges_of(node: Node, path: str = "") -> dict[str, list[int]]:
    """Path of a field (`event_info.observations.0.handle`) -> [first octet, octet behind it]."""
    found: dict[str, list[int]] = {}
    for name, child in node.children():
        inner = f"{path}.{name}" if path else name
        if child.start is not None and child.end is not None:
            found[inner] = [child.start, child.end]
        found |= ranges_of(child, inner)
    return found


def lines_of(node: Node, depth: int = 0) -> Iterator[str]:
    """The tree for people: octets on the left, then names and values, one field a line."""
    for name, child in node.children():
        octets = "" if child.start is None else f"{child.start}-{(child.end or 1) - 1}"
        if child.start is not None and child.start == child.end:
            octets = ""
        lead = f"{octets:>11}  {'  ' * depth}{name}:"
        if isinstance(child.content, dict | list):
            yield f"{lead}{f' {child.note}' if child.note else ''}{'' if child.content else ' -'}"
            yield from lines_of(child, depth + 1)
        else:
            value = "-" if child.content is None or child.content == "" else child.content
            yield f"{lead} {value}{f' ({child.note})' if child.note else ''}"
