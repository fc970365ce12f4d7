"""The search as a person meets it: typed into the page, and from a hit to its message."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PageFor = Callable[..., "Page"]


def say(page: Page, text: str) -> None:
    """Say something to a model that says the same, and have its answer."""
    page.goto("/")
    page.select_option("#model", "fake/echo")
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")
    page.locator(".message.assistant[data-status=complete]").wait_for()


def test_what_was_said_is_found_while_typing_and_gone_to(page_for: PageFor) -> None:
    page = page_for("bob")
    say(page, "Where do the wombats of Tasmania sleep?")
    page.keyboard.press("Control+K")
    expect(page).to_have_url(re.compile(r"/search/$"))
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    field.press_sequentially("tasmania womb")
    hits = page.locator(".hit")
    expect(hits).to_have_count(2)
    expect(hits.first.locator(".hit-words mark")).to_have_text(["wombats", "Tasmania"])
    expect(page).to_have_url(re.compile(r"\?q=tasmania"))
    expect(page.locator("#found")).to_have_text("2 results")
    hits.filter(has_text="You").last.click()
    expect(page).to_have_url(re.compile(r"/c/[0-9a-f-]+/\?message=[0-9a-f-]+#m-[0-9a-f-]+$"))
    expect(page.locator(".message:target")).to_contain_text("wombats")


def test_it_works_without_scripts_and_only_for_its_owner(page_for: PageFor) -> None:
    say(page_for("bob"), "A quokka of my own")
    page = page_for("bob", java_script_enabled=False)
    page.goto("/search/")
    page.fill("#q", '"quokka of my')
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".hit")).to_have_count(2)
    stranger = page_for("alice")
    stranger.goto("/search/?q=quokka")
    expect(stranger.locator(".empty")).to_contain_text("Nothing of yours has “quokka”")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(page_for: PageFor, site: Site, scheme: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    say(page_for("bob"), "Accessible numbats")
    for width in (1280, 360):
        page = page_for("bob", color_scheme=scheme, viewport={"width": width, "height": 740})
        for path in ("/search/", "/search/?q=numbats", "/search/?q=nobody+said+this"):
            page.goto(path)
            found = Axe().run(page).response["violations"]
            assert [(each["id"], [n["html"] for n in each["nodes"]]) for each in found] == []
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
