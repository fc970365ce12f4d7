"""What a person does and no answer comes to, on the real site in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_chat import answer, ask
from tests.servers.people import PASSWORD
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.timeout(180)]

PageFor = Callable[..., "Page"]


def test_what_was_done_offline_or_on_an_old_page_is_said_to_be_undone(
    page_for: PageFor, site: Site
) -> None:
    page = page_for()
    page.goto(site.url)
    ask(page, "Hello")
    answer(page)
    thumb = page.get_by_role("button", name="Good answer")
    page.context.set_offline(True)
    thumb.click()
    failure = page.get_by_role("alert").filter(has_text="You are offline. Nothing was changed")
    failure.wait_for()
    page.context.set_offline(False)

    token = page.locator("[hx-headers]").first
    token.evaluate("each => each.setAttribute('hx-headers', '{\"X-CSRFToken\": \"old\"}')")
    thumb.click()
    page.get_by_role("alert").filter(has_text="This page is out of date.").wait_for()
    page.get_by_role("link", name="Load it again").click()
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")


def test_whoever_was_signed_out_elsewhere_signs_in_and_is_back_on_the_page(
    page_for: PageFor, site: Site
) -> None:
    person = site.person()
    page = page_for()
    page.goto(site.url)
    ask(page, "Hello")
    answer(page)
    chat = page.url
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Good answer").click()
    page.wait_for_url(re.compile(r"/accounts/login/\?next=%2Fc%2F"))
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(chat)
    answer(page)
