"""One's own data, taken out and deleted, as a newcomer meets it: the real site, a real browser."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_chat import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.servers.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

EMAIL, PASSWORD = "leaver@example.com", "a fine password for a day"


def sign_up(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Your message").wait_for()


def test_somebody_takes_their_data_out_and_leaves(
    page_for: Callable[..., Page], site: Site
) -> None:
    site.person()  # the first to sign up would be the administrator
    page = page_for(None)
    sign_up(page)
    page.goto("/settings/")
    page.get_by_label("Custom instructions").fill("Be brief.")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Your profile is saved.").wait_for()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download your data").click()
    with zipfile.ZipFile(downloading.value.path()) as archive:
        assert archive.testzip() is None
        profile = json.loads(archive.read("profile.json"))
    assert (profile["email"], profile["custom_instructions"]) == (EMAIL, "Be brief.")
    page.get_by_role("link", name="Delete account").click()
    page.get_by_role("heading", name="What goes").wait_for()
    problems = {}
    for scheme in ("light", "dark"):
        for width in (1280, 360):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 740})
            problems[scheme, width] = violations(page)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert [found for found in problems.values() if found] == []
    page.get_by_label("Password").fill("not mine")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_text("This is not your password.").wait_for()
    assert violations(page) == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_text("Your account is deleted").wait_for()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    sign_up(page)
    page.goto("/settings/")
    expect(page.get_by_label("Custom instructions")).to_have_value("")
