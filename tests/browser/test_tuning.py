"""Fine-tuning on its pages: two lines are taught to the starter, and the new model is tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import openai
import pytest
from playwright.sync_api import expect

pytest.importorskip("trl")

from tests.browser.test_chat import violations
from tests.finetuning.conftest import TWO_LINES
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(900)]

PageFor = Callable[..., "Page"]
PATIENCE = 600_000
"""Milliseconds for a job beside other tests; alone it takes half a minute."""


def test_two_lines_are_taught_on_the_page(site: Site, page_for: PageFor) -> None:
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
    model = parse_qs(urlsplit(page.url).query)["model"][0].partition(":ckpt-step-")[0]
    shared_by_an_administrator(model, page_for)


def shared_by_an_administrator(model: str, page_for: PageFor) -> None:
    """Alice's own model becomes Bob's, too."""
    row = f".model-list li:has(code:text-is('{model}'))"
    mine, administrator, others = (page_for(name) for name in ("alice", "administrator", "bob"))
    mine.goto("/models/")
    expect(mine.locator(row)).to_contain_text("Yours alone")
    assert violations(mine) == []
    others.goto("/models/")
    others.get_by_role("heading", name="Models", level=1).wait_for()
    expect(others.locator(row)).to_have_count(0)
    administrator.goto("/models/")
    administrator.get_by_role("button", name=f"Share {model}", exact=True).click()
    administrator.get_by_role("dialog").get_by_role("button", name="Share").click()
    administrator.get_by_text(f"{model} is there for everybody within seconds.").wait_for()
    assert violations(administrator) == []
    for _ in range(20):  # another process may have to look anew
        others.reload()
        if others.locator(row).count():
            break
        others.wait_for_timeout(500)
    expect(others.locator(row)).to_have_count(1)
