"""Fine-tuning on its pages: two lines are taught to the starter, and the new model is tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import openai
import pytest

pytest.importorskip("trl")

from tests.browser.test_chat import violations
from tests.finetuning.conftest import TWO_LINES
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(900)]

PATIENCE = 600_000
"""Milliseconds for a job beside other tests; alone it takes half a minute."""


def test_two_lines_are_taught_on_the_page(site: Site, page_for: Callable[..., Page]) -> None:
    client = openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.person("alice").api_key)
    client.files.create(file=("french.jsonl", TWO_LINES), purpose="fine-tune")
    page = page_for(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto("/fine-tuning/new/")
    page.get_by_label("Name").fill("pages")
    page.get_by_role("button", name="Estimate time and cost").click()
    page.locator("#plan").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/ftjob-*/")
    page.get_by_role("link", name="Try it in a chat").wait_for(timeout=PATIENCE)
    page.locator("#curve-loss-title").wait_for(state="attached")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("button", name="Make it a model").click()
    page.get_by_text(":ckpt-step-").first.wait_for()
    page.get_by_role("link", name="Try it in a chat").first.click()
    page.wait_for_url("**model=ft**")
    shown = page_for("bob")
    response = shown.goto("/fine-tuning/")
    assert response is not None
    assert "You have taught nothing yet." in shown.inner_text("main")
