"""The crew page in a real browser: what it says and draws in the rarer states of a vehicle."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from edge.commands.inbox import CommandInbox
from tests.fixtures.served_crew import events, served_crew
from tests.integration.test_crew_browser import browser, screen, unlock

__all__ = ["browser"]


def test_a_disk_that_refuses_an_encounter_is_told_in_words(
    browser: Browser, tmp_path: Path
) -> None:
    with served_crew(tmp_path) as crew, screen(browser, crew) as (page, _):
        unlock(page)
        good = crew.encounter.inbox
        (tmp_path / "full").mkdir()
        crew.encounter.inbox = CommandInbox(tmp_path / "full")
        crew.encounter.inbox.close()
        for words in ("disk does not take it", "Encounter begun"):
            page.locator("#encounter-chip").click()
            page.get_by_role("button", name="Begin an encounter").click()
            expect(page.locator(".toast", has_text=words)).to_be_visible()
            crew.encounter.inbox = good
        expect(page.locator("#encounter-head")).to_have_text("Begun on board")
        begun = [event for event in events(crew.held()) if event.kind == "encounter_begun"]
        assert [event.encounter for event in begun] == [
            crew.encounter.current and crew.encounter.current.encounter_id
        ]
