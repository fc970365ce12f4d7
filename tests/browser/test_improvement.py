"""The loop on its pages: ratings become a model, an administrator promotes it, and goes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("trl")

from playwright.sync_api import expect

from tests.browser.test_chat import violations
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(900)]

PATIENCE = 600_000
"""Milliseconds for an improvement beside other tests; alone it takes a minute."""
PERSON = "from accounts.models import User; person = User.objects.get(email__startswith='admin'); "
SAY = "from improvement.demonstration import compare_stories; compare_stories(person, 10)"
FORGET = "person.conversations.all().delete()"


@pytest.fixture
def said(site: Site) -> Iterator[None]:
    """Ten comparisons of the administrator, as long as the test lasts."""
    site.person("administrator")
    site.manage("shell", "--verbosity", "0", "--command", PERSON + SAY)
    yield
    site.manage("shell", "--verbosity", "0", "--command", PERSON + FORGET)


@pytest.mark.usefixtures("said")
def test_ratings_become_the_model_that_people_get(page_for: Callable[..., Page]) -> None:
    page = page_for("administrator", viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto("/improve/")
    assert_sound(page)
    page.get_by_role("button", name="Improve").click()
    page.wait_for_url("**/improve/*-*/")
    expect(page.locator("li[aria-current='step']")).to_have_count(1)
    assert_sound(page)
    page.locator(".verdict").wait_for(timeout=PATIENCE)
    assert_sound(page)
    made = page.url
    candidate = page.locator(".decision code").first.inner_text()
    assert candidate.startswith("ft:starter:")

    page.get_by_role("button", name="Try blind").click()
    expect(page.locator(".trial")).to_contain_text("serves 10% of conversations")
    page.wait_for_load_state()
    page.get_by_role("button", name="End trial").click()
    page.locator("dialog").get_by_role("button", name="End trial").click()
    expect(page.locator(".note.success")).to_contain_text("The trial is over.")

    page.goto(made)
    page.get_by_role("button", name="Promote").click()
    page.locator("dialog").get_by_role("button", name="Promote").click()
    expect(page.get_by_role("heading", name="People get it")).to_be_visible()
    page.goto("/improve/")
    expect(page.locator(".promotions")).to_contain_text(candidate)
    assert_sound(page)
    page.get_by_role("button", name="Roll back").click()
    page.locator("dialog").get_by_role("button", name="Roll back").click()
    expect(page.locator(".note.success")).to_contain_text("stands for starter again")

    page.goto("/ratings/")
    learnt = page.locator("details.learnt")
    learnt.first.wait_for()
    for number in range(learnt.count()):
        learnt.nth(number).locator("summary").click()
    expect(page.locator("details.learnt code").first).to_contain_text(candidate)
    page.goto("/improve/datasets/")
    page.get_by_role("link", name=re.compile(r"^Dataset \d+")).first.click()
    page.get_by_role("heading", name="The examples").wait_for()
    assert_sound(page)
    page.goto(f"/improve/models/{candidate}/")
    assert_sound(page)
    page.goto("/improve/settings/")
    assert_sound(page)

    others = page_for("bob")
    response = others.goto("/improve/")
    assert response is not None
    assert response.status == 403


def assert_sound(page: Page) -> None:
    """Accessible, and no wider than the screen."""
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
