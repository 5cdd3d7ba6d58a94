"""The page as it is sent: filled in, with nothing of a name read as markup."""

from __future__ import annotations

from edge.crew.assets import STYLES, crew_page, read_assets
from edge.crew.policy import CrewPolicy
from edge.crew.readings import TILES

LISTEN = "tcp:127.0.0.1:8080"


def test_every_name_on_the_page_is_text() -> None:
    policy = CrewPolicy(listen=LISTEN, members=("<b>Ann", '"Bea"'), drugs=("Salt & <i>|1 g|IV",))
    page = crew_page(policy, "V&1")
    assert "<b>Ann" not in page
    assert 'data-member="&lt;b&gt;Ann"' in page
    assert 'data-member="&quot;Bea&quot;"' in page
    assert "<b>Salt &amp; &lt;i&gt;</b><span>1 g IV</span>" in page
    assert "<title>V&amp;1" in page


def test_nothing_is_left_to_be_filled_in() -> None:
    page = crew_page(CrewPolicy(listen=LISTEN), "V1")
    assert "$" not in page
    assert page.count("data-key=") == len("0123456789") + 1, "and one that erases"
    assert all(f'data-tile="{tile.id}"' in page for tile in TILES)
    assert all(f"{style}.css" in page and f"{style}.css" in read_assets() for style in STYLES)


def test_a_vehicle_without_a_list_of_drugs_has_a_plain_button() -> None:
    page = crew_page(CrewPolicy(listen=LISTEN, drugs=()), "V1")
    assert "<b>Drug</b><span></span>" in page
    assert "data-drug=" not in page
