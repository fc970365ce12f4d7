"""Pictures in a conversation, drawn by the built-in illustrator of the real site."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_chat import ask, said, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PageFor = Callable[..., "Page"]
SLOWEST = 120_000


def test_a_picture_is_drawn_changed_and_there_after_a_reload(page_for: PageFor) -> None:
    # Neither Alice nor Bob: other tests count the pictures in their galleries.
    page = page_for("administrator", viewport={"width": 360, "height": 740})
    page.goto("/")
    page.select_option("#model", "starter")
    prompt = page.get_by_label("Your message")
    prompt.fill("draw a red fox beside a lake")
    prompt.press("Enter")
    pictures = page.locator(".drawn-here figure img")
    pictures.first.wait_for(timeout=SLOWEST)
    page.get_by_text("[Picture:").wait_for(state="hidden")
    button = page.get_by_role("button", name="Draw a picture")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    page.get_by_placeholder("Describe a picture").fill("now at night")
    prompt.press("Enter")
    pictures.nth(1).wait_for(timeout=SLOWEST)
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_url(re.compile("/c/"))
    page.reload()
    pictures.nth(1).wait_for(timeout=SLOWEST)
    page.locator(".drawn-here").nth(1).get_by_role("link", name="Open").click()
    page.get_by_role("heading", name="now at night").wait_for()
    page.get_by_role("link", name="a red fox beside a lake").first.wait_for()


def test_what_is_said_of_a_picture_and_what_is_not(page_for: PageFor) -> None:
    """The starter model calls no tools: here the words decide."""
    page = page_for("administrator", viewport={"width": 360, "height": 740})
    page.goto("/")
    ask(page, "draw a castle")
    pictures = page.locator(".drawn-here figure img")
    pictures.first.wait_for(timeout=SLOWEST)
    # A picture's message is complete before it is drawn: the answers are counted.
    complete = page.locator(".message.assistant[data-status=complete]")
    ask(page, "Nice, thank you!")
    expect(complete).to_have_count(2)
    ask(page, "can you make it night?")
    pictures.nth(1).wait_for(timeout=SLOWEST)
    assert re.search("at night", pictures.nth(1).get_attribute("alt") or "")
    ask(page, "Now tell me a joke")
    expect(complete).to_have_count(4)
    assert said(complete.last) != ""
    expect(pictures).to_have_count(2)
    again = page.get_by_role("button", name="Another version").last
    again.scroll_into_view_if_needed()
    again.press("Enter")
    versions = page.get_by_label("Version 2 of 2")
    versions.wait_for()
    pictures.nth(1).wait_for(timeout=SLOWEST)
    expect(page.get_by_text("Now tell me a joke")).to_have_count(0)
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Previous version").click()
    page.get_by_text("Now tell me a joke").wait_for()
    ask(page, "draw another one")
    pictures.nth(2).wait_for(timeout=SLOWEST)
    assert pictures.nth(2).get_attribute("alt") == pictures.nth(1).get_attribute("alt")


def test_a_model_that_calls_tools_draws_when_it_thinks_fit(page_for: PageFor) -> None:
    page = page_for("administrator")
    page.goto("/")
    ask(page, "Which house stands on a hill?", model="fake/tool")
    pictures = page.locator(".drawn-here figure img")
    pictures.first.wait_for(timeout=SLOWEST)
    ask(page, "now with two boats", model="fake/tool")
    pictures.nth(1).wait_for(timeout=SLOWEST)
    page.locator(".drawn-here").nth(1).get_by_role("link", name="Open").click()
    page.get_by_role("heading", name="with two boats").wait_for()
    page.get_by_role("link", name="Which house stands on a hill?").first.wait_for()
