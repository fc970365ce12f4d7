"""Rating answers as a person does it: the real site, its starter, a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_chat import answer, ask, said, violations
from tests.servers.answers import words as spelt
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.timeout(240)]

PageFor = Callable[..., "Page"]
SHARE = "from library.models import LoopSettings as s; s.objects.update(comparison_share={})"
NONE_YET = (
    "from conversations.models import Comparison, Rating; "
    "Comparison.objects.all().delete(); Rating.objects.all().delete()"
)
"""Other tests of this site have rated, too."""


@pytest.fixture
def always_two(site: Site) -> Iterator[None]:
    """Every question gets two answers."""
    site.person()
    site.manage("shell", "-c", NONE_YET)
    site.manage("shell", "-c", SHARE.format(1))
    yield
    site.manage("shell", "-c", SHARE.format(0))


def test_a_bad_answer_is_said_to_be_so_bettered_and_taken_back(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, "Hello", model="fake/echo")
    good = answer(page).get_by_role("button", name="Good answer")
    bad = answer(page).get_by_role("button", name="Bad answer")
    other = page.context.new_page()
    other.goto(page.url)
    page.bring_to_front()
    bad.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Too long").check()
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(bad).not_to_be_focused()
    expect(other.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Comment").fill("Get to the point.")
    page.get_by_text("Write a better answer").click()
    better = page.get_by_label("Your better answer")
    expect(better).to_have_value("Hello")
    assert violations(page) == []
    better.fill("One.")
    page.get_by_role("button", name="Save", exact=True).click()
    told = "You said: Too long · “Get to the point.” · a better answer"
    expect(page.get_by_text("Thanks.", exact=True)).to_be_visible()
    expect(bad).to_be_focused()
    expect(other.get_by_text(told)).to_be_visible()
    page.reload()
    expect(page.get_by_text(told)).to_be_visible()
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_label("Your better answer")).to_have_value("One.")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text(told)).to_be_visible()
    bad.click()
    expect(bad).to_have_attribute("aria-pressed", "false")
    expect(good).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text(told)).to_have_count(0)
    expect(other.get_by_text(told)).to_have_count(0)


def two_answers(page: Page) -> None:
    """Ask until the starter, which has little to say, gives two answers that differ."""
    questions = ("Write a story about a dragon.", "Write a poem.", "Write a poem about rain.")
    for number, question in enumerate(questions, start=1):
        ask(page, question)
        expect(page.locator(".message.user")).to_have_count(number)
        page.locator("#run-state[data-state=idle]").wait_for(timeout=60_000)
        if page.get_by_role("button", name="Both are good").is_visible():
            return
    pytest.fail("all answers were the same")


def test_one_of_two_answers_is_chosen_and_gone_on_with(page_for: PageFor, always_two: None) -> None:
    page = page_for("alice", viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto("/")
    two_answers(page)
    pair = page.locator(".pair").last
    for letter in "AB":
        expect(pair.get_by_role("heading", name=f"Answer {letter}")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(page) == []
    words = said(pair.locator(".message").nth(1))
    page.reload()
    page.get_by_role("button", name="Answer B").click()
    expect(page.locator(".pair")).to_have_count(0)
    expect(page.locator("#prompt")).to_be_focused()
    chosen = answer(page)
    assert said(chosen) == words
    expect(chosen.get_by_role("img", name="Version 2 of 2")).to_be_visible()
    ask(page, "And another?", model="fake/words-100")
    page.get_by_text(spelt(100).split()[-1]).wait_for()
    assert said(answer(page)) == spelt(100)
    page.select_option("#model", "fake/echo")
    page.get_by_role("button", name="Regenerate").last.click()
    page.get_by_role("button", name="About the same").click()
    expect(page.get_by_text("Thanks, that helps.")).to_be_visible()
    page.goto("/ratings/")
    rows = page.get_by_role("list", name="Your ratings").locator("> li")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("The second answer was better")
    assert violations(page) == []
    page.get_by_role("button", name="Take back all").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back all").click()
    expect(page.get_by_text("You have rated nothing yet.")).to_be_visible()
