"""What a specialization's own test compares: the objects of a configuration in short."""

from __future__ import annotations

from protocols.ieee20601.configuration import Configuration


def objects_of(configuration: Configuration) -> dict[int, tuple[str, int | None]]:
    """Handle -> (type as `partition:term`, term of the unit)."""
    return {
        handle: (str(item.type), item.unit.term if item.unit else None)
        for handle, item in configuration.objects.items()
    }
