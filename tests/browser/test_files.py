"""The pages of files as Alice meets them: the real site, a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_chat import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PageFor = Callable[..., "Page"]


def pair(prompt: str, completion: str) -> str:
    return json.dumps({"prompt": prompt, "completion": completion}) + "\n"


def test_a_training_file_is_uploaded_in_pieces_looked_at_and_deleted(
    page_for: PageFor, tmp_path: Path
) -> None:
    train = tmp_path / "french.jsonl"
    examples = "".join(pair(f"Say {n}", "x" * 400_000) for n in range(24))  # three pieces
    train.write_text(examples + pair("", "Bonjour"))
    page = page_for("alice", viewport={"width": 360, "height": 780}, color_scheme="dark")
    page.goto("/files/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.route("**/files/uploads/*/?offset=4194304", lambda route: route.abort(), times=1)
    page.set_input_files("#upload-file", str(train))
    page.get_by_role("heading", name="french.jsonl").wait_for()
    assert asked.count("PUT") == 4  # one of them broke off
    # The worker checks it, and the page finds that out by itself.
    page.get_by_text("1 of 25 lines cannot be learnt from.").wait_for()
    page.get_by_text("Line 25, prompt").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="Next lines").click()
    page.get_by_role("heading", name="Line 11", exact=True).wait_for()
    page.wait_for_load_state()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    assert Path(downloading.value.path()).read_bytes() == train.read_bytes()
    assert downloading.value.suggested_filename == "french.jsonl"
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("It is gone from this site for good.").wait_for()
    dialog.get_by_role("button", name="Delete").click()
    page.get_by_text("french.jsonl is deleted.").wait_for()
    page.get_by_role("heading", name="Your files").wait_for()


def test_a_file_is_dropped_for_a_purpose_and_what_cannot_be_taken_is_told(
    page_for: PageFor,
) -> None:
    page = page_for("bob")
    page.goto("/files/")
    page.get_by_text("You have no files yet.").wait_for()
    assert violations(page) == []

    def drop(name: str, content: str) -> None:
        dropped = page.evaluate_handle(
            """([name, content]) => {
              const dropped = new DataTransfer();
              dropped.items.add(new File([content], name));
              return dropped;
            }""",
            [name, content],
        )
        page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})

    page.select_option("#upload-purpose", "vision")
    drop("letter.txt", "hello")
    page.get_by_text("is a picture: PNG, JPEG, WebP or GIF.").wait_for()
    page.select_option("#upload-purpose", "user_data")
    drop("letter.txt", "hello")
    page.get_by_role("heading", name="letter.txt").wait_for()
    page.get_by_role("link", name="All files").click()
    page.get_by_role("link", name="Your own data").click()
    page.get_by_role("link", name="letter.txt").wait_for()
    page.get_by_role("link", name="Batch").click()
    page.get_by_text("You have no files of this kind.").wait_for()


def test_examples_are_written_by_keyboard(page_for: PageFor) -> None:
    page = page_for("alice", viewport={"width": 360, "height": 780})
    page.goto("/files/write/")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_label("Question").first.fill("Translate to French: 'Hello'")
    page.get_by_role("button", name="More examples").press("Enter")
    page.get_by_role("group", name="Example 6").wait_for()
    expect(page.get_by_label("Question").first).to_have_value("Translate to French: 'Hello'")
    page.get_by_label("Answer").first.focus()
    page.keyboard.type("Bonjour")
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("examples.jsonl is saved.").wait_for()
    page.get_by_text("Bonjour").wait_for()
    assert violations(page) == []
    page.goto("/files/write/")
    page.get_by_text("Paste JSON Lines instead").click()
    page.get_by_label("JSON Lines").fill('{"messages": []}')
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("Line 1, messages: The list is empty.").wait_for()
    assert violations(page) == []
