"""Where `vitalwire-cloud` begins; `cloud.app.command_line` has its commands and exit codes."""

from __future__ import annotations

from collections.abc import Sequence

from cloud.app.memory import nothing_is_waste


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    with nothing_is_waste():
        from cloud.app.command_line import run  # noqa: PLC0415 - loaded inside the block

    return run(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
