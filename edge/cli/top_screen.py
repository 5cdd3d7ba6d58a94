"""The terminal view itself (Textual): asks the gateway every second and shows what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Static

from edge.cli.top_rows import (
    BAD,
    DEVICE_COLUMNS,
    GOOD,
    LINK_COLUMNS,
    PLAIN,
    WARN,
    Row,
    Snapshot,
    buffer_lines,
    device_rows,
    head_line,
    link_rows,
    task_rows,
    without_empty,
)
from edge.errors import SettingsError

Ask = Callable[[str], dict[str, Any]]
"""Asks the running gateway by the name of what is wanted; SettingsError when none answers."""
_STYLES: Final = {GOOD: "green", WARN: "yellow", BAD: "bold red", PLAIN: ""}
_EVERY_SECONDS: Final = 1.0


class TopScreen(App[None]):
    """Devices, ways up, buffer, work and log of one gateway."""

    CSS = """
    Screen { layout: vertical; }
    #head { height: auto; max-height: 3; background: $primary-darken-2; }
    #head.alone { background: $error; color: white; text-style: bold; }
    .silent { opacity: 35%; }
    #devices { height: 3fr; min-height: 4; }
    #middle { height: 7; }
    #links { width: 2fr; border-top: solid $primary; }
    #buffer { width: 3fr; border-top: solid $primary; }
    #tasks { height: 1fr; min-height: 3; border-top: solid $primary; }
    #log { height: 1fr; min-height: 3; border-top: solid $primary; }
    .wide { height: 1fr !important; }
    .gone { display: none; }
    """
    TITLE = "Vitalwire"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "widen('devices')", "devices"),
        Binding("t", "widen('tasks')", "tasks"),
        Binding("l", "widen('log')", "log"),
        Binding("o", "widen('')", "overview"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self._ask = ask
        self._before: Snapshot | None = None
        self._at: datetime | None = None

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        yield Static(id="head")
        yield VerticalScroll(Static(id="device_table"), id="devices")
        with Horizontal(id="middle"):
            yield Static(id="links")
            yield Static(id="buffer")
        yield VerticalScroll(Static(id="task_table"), id="tasks")
        yield VerticalScroll(Static(id="log_lines", markup=False), id="log")
        yield Footer()

    async def on_mount(self) -> None:
        """Look at once, then every second."""
        for name in ("links", "buffer", "tasks", "log"):
            self.query_one(f"#{name}").border_title = {"links": "uplink", "tasks": "work"}.get(
                name, name
            )
        await self.look()
        self.set_interval(_EVERY_SECONDS, self.look)

    async def look(self) -> None:
        """Ask once and show the answer; a gateway that does not answer is shown as such."""
        try:
            snapshot = (await asyncio.to_thread(self._ask, "status")).get("status") or {}
            lines = (await asyncio.to_thread(self._ask, "log")).get("lines", [])
        except SettingsError as exc:
            self._mark(is_silent=True)
            self._show("head", Text(str(exc)))
            return
        self._mark(is_silent=False)
        if "at" not in snapshot:
            self._show("head", Text("the gateway has not looked at itself yet"))
            return
        self._show("head", Text(head_line(snapshot), no_wrap=True, overflow="ellipsis"))
        devices, columns = without_empty(device_rows(snapshot, self._before), DEVICE_COLUMNS)
        self._show("device_table", _table(devices, columns))
        self._show("links", _table(link_rows(snapshot), LINK_COLUMNS))
        self._show("buffer", Text("\n".join(buffer_lines(snapshot)), no_wrap=True))
        self._show("task_table", _table(task_rows(snapshot)))
        self._show("log_lines", Text("\n".join(reversed(lines)), no_wrap=True, overflow="ellipsis"))
        if self._before is None or self._before["at"] != snapshot["at"]:
            self._before = snapshot

    def action_widen(self, part: str) -> None:
        """Give one part the whole screen; none: the overview."""
        for name in ("devices", "middle", "tasks", "log"):
            widget = self.query_one(f"#{name}")
            widget.set_class(bool(part) and name != part, "gone")
            widget.set_class(name == part, "wide")

    def _mark(self, *, is_silent: bool) -> None:
        """What a gateway said that does not answer any more is old news, and looks like it."""
        self.query_one("#head").set_class(is_silent, "alone")
        for name in ("devices", "middle", "tasks", "log"):
            self.query_one(f"#{name}").set_class(is_silent, "silent")

    def _show(self, name: str, what: Text | Table) -> None:
        self.query_one(f"#{name}", Static).update(what)


def _table(rows: Sequence[Row], columns: Sequence[str] = ()) -> Table:
    table = Table(box=None, show_header=bool(columns), padding=(0, 1, 0, 0), expand=True)
    width = len(rows[0].cells) if rows else len(columns)
    for index in range(width):
        is_last = index == width - 1
        table.add_column(
            columns[index] if columns else "",
            no_wrap=not is_last,
            overflow="fold" if is_last else "ellipsis",
            ratio=1 if is_last else None,
        )
    for row in rows:
        table.add_row(*row.cells, style=_STYLES[row.tone])
    return table
