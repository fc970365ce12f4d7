"""Pictures as a person meets them: the real site, its worker, the built-in illustrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_chat import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PageFor = Callable[..., "Page"]


def test_a_picture_is_drawn_found_changed_and_shared(page_for: PageFor) -> None:
    page = page_for("alice")
    page.goto("/")
    page.get_by_role("link", name="Pictures").click()
    page.get_by_label("Describe a picture").fill("a red fox beside a lake")
    page.get_by_label("Describe a picture").press("Enter")
    first = page.locator("a.frame").first
    first.wait_for(timeout=120_000)
    assert page.get_by_label("Describe a picture").input_value() == ""
    assert violations(page) == []
    page.reload()
    first.click()
    page.get_by_label("What should be different?").fill("make it night")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("heading", name="make it night").wait_for(timeout=120_000)
    assert page.locator(".family li").count() == 2
    assert violations(page) == []
    page.get_by_role("button", name="Share a link").click()
    link = page.locator("#share-link").inner_text()
    page.goto(link)
    page.get_by_role("heading", name="make it night").wait_for()
    assert violations(page) == []
