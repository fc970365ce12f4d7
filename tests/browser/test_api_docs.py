"""The page that tries the API: real requests from a real browser to the real site."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from chatsite.api_manual import Example
from tests.browser.test_chat import violations
from tests.servers.answers import words
from tests.servers.site import Site, clean_environment
from tests.test_api_examples import RUN

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PageFor = Callable[..., "Page"]
LANGUAGES = [("curl", "sh"), ("Python", "python"), ("Node", "js")]


def opened(page: Page, key: str, anchor: str) -> Locator:
    """An endpoint of the page, unfolded, with a key to send it with."""
    page.goto(f"/v1/docs#{anchor}")
    page.get_by_label("API key", exact=True).fill(key)
    return filled_in(page.locator(f"#{anchor}"))


def unfold(page: Page, anchor: str) -> Locator:
    """Another endpoint, once its form is filled in."""
    endpoint = page.locator(f"#{anchor}")
    endpoint.locator("summary").click()
    return filled_in(endpoint)


def filled_in(endpoint: Locator) -> Locator:
    """It has its example last, a moment after it was unfolded."""
    endpoint.locator("[data-sample]", has_text=re.compile(r"\S")).wait_for()
    return endpoint


def send(endpoint: Locator) -> str:
    """Send it and wait for the end of the reply; gives the line that tells of it."""
    endpoint.get_by_role("button", name="Send").click()
    status = endpoint.locator("[data-status]", has_text=re.compile(r"ms · "))
    status.wait_for()
    return status.inner_text()


def body_of(endpoint: Locator) -> Any:
    return json.loads(endpoint.get_by_label("Body").input_value())


def reply_of(endpoint: Locator) -> Any:
    return json.loads(endpoint.locator("[data-content]").inner_text())


def say(endpoint: Locator, model: str) -> None:
    endpoint.get_by_label("Model").select_option(model)


def test_a_request_is_sent_and_its_reply_shown(page_for: PageFor, site: Site) -> None:
    page = page_for()
    chat = opened(page, site.person().api_key, "post-chat-completions")
    say(chat, "fake/echo")
    assert body_of(chat)["model"] == "fake/echo"
    assert re.fullmatch(r"200 OK · \d+ ms · [\d.]+ (kB|bytes)", send(chat))
    reply = reply_of(chat)
    assert reply["choices"][0]["message"]["content"] == "Hello"
    assert '\n  "object": "chat.completion",\n' in chat.locator("[data-content]").inner_text()
    told = chat.locator("[data-headers]").inner_text()
    for name in ("x-request-id", "x-chatsite-overhead-ms", "x-ratelimit-remaining-requests"):
        assert name in told
    assert re.search(r"req_[0-9a-f]{32}", told)

    # What it made is filled in where its id is asked for.
    rate = unfold(page, "post-feedback")
    assert body_of(rate)["completion_id"] == reply["id"]
    assert send(rate).startswith("200 ")
    taken_back = unfold(page, "delete-feedback-feedback_id")
    expect(taken_back.get_by_label("feedback_id")).to_have_value(reply_of(rate)["id"])
    assert send(taken_back).startswith("200 ")


def test_a_stream_is_shown_as_it_comes_and_can_be_stopped(page_for: PageFor, site: Site) -> None:
    page = page_for()
    chat = opened(page, site.person().api_key, "post-chat-completions")
    say(chat, "fake/stall-12-1")
    chat.get_by_label("Stream the reply").check()
    assert body_of(chat)["stream"] is True
    chat.get_by_role("button", name="Send").click()
    text = chat.locator("[data-text]")
    text.get_by_text("one1 two2").wait_for()
    assert "receiving" in chat.locator("[data-status]").inner_text()
    chat.get_by_role("button", name="Stop").click()
    chat.locator("[data-status]", has_text="200 OK · stopped").wait_for()
    chat.get_by_role("button", name="Stop").wait_for(state="hidden")
    assert words(12).startswith(text.inner_text().strip())

    send(chat)
    assert text.inner_text().strip() == words(17)  # nothing is left of the first
    assert chat.locator("[data-content]").inner_text().strip().endswith("data: [DONE]")


def test_mistakes_are_told(page_for: PageFor, site: Site) -> None:
    page = page_for()
    chat = opened(page, "", "post-chat-completions")
    chat.get_by_role("button", name="Send").click()
    key = page.get_by_label("API key", exact=True)
    expect(key).to_be_focused()
    expect(key).to_have_accessible_description(re.compile("^Enter a key first"))
    expect(page.get_by_text("Enter a key first")).to_be_in_viewport()
    key.fill("sk-wrong")
    expect(page.get_by_text("Enter a key first")).to_have_count(0)
    assert send(chat).startswith("401 Unauthorized")
    assert reply_of(chat)["error"]["code"] == "invalid_api_key"

    page.get_by_label("API key", exact=True).fill(site.person().api_key)
    body = chat.get_by_label("Body")
    body.fill('{"model": ')
    chat.get_by_text("This is not JSON yet.").wait_for()
    assert body.get_attribute("aria-invalid") == "true"
    assert send(chat).startswith("400 ")
    assert reply_of(chat)["error"]["code"] == "invalid_json"

    model = unfold(page, "get-models-model_id")
    model.get_by_label("model_id").fill("")
    model.get_by_role("button", name="Send").click()
    model.get_by_text("Enter model_id first.").wait_for()
    model.get_by_label("model_id").fill("fake/echo")
    assert send(model).startswith("200 ")
    assert reply_of(model)["id"] == "fake/echo"


def test_the_key_is_kept_nowhere(page_for: PageFor, site: Site) -> None:
    page = page_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    key = site.person().api_key
    models = opened(page, key, "get-models")
    send(models)
    kept = page.evaluate(
        """async () => JSON.stringify([
          {...localStorage}, {...sessionStorage}, document.cookie, await caches.keys(),
          await indexedDB.databases(), location.href, document.documentElement.outerHTML,
        ])"""
    )
    assert key not in kept
    assert [url for url in asked if key in url] == []
    page.reload()
    expect(page.get_by_label("API key", exact=True)).to_have_value("")


@pytest.mark.parametrize(("language", "name"), LANGUAGES)
def test_the_examples_do_the_same_as_the_page(
    page_for: PageFor, site: Site, tmp_path: Path, language: str, name: str
) -> None:
    page = page_for()
    key = site.person().api_key
    chat = opened(page, key, "post-chat-completions")
    body = {
        "model": "fake/echo",
        "messages": [{"role": "user", "content": 'It\'s "me" \\ ü'}],
        "top_k": 5,
        "logprobs": False,
    }
    chat.get_by_label("Body").fill(json.dumps(body))
    send(chat)  # its id is in the example of the feedback
    chat.get_by_label(language, exact=True).check()
    programs = [program(chat, language)]
    chat.get_by_label("Stream the reply").check()
    programs.append(program(chat, language))
    programs += [
        program(unfold(page, anchor), language)
        for anchor in ("get-models-model_id", "post-feedback", "get-organization-costs")
    ]
    files = unfold(page, "post-files")
    files.locator("input[type=file]").set_input_files(written(tmp_path))
    files.locator("[data-sample]", has_text="french.jsonl").wait_for()
    programs.append(program(files, language))
    environment = clean_environment(OPENAI_API_KEY=key, PYTHONDONTWRITEBYTECODE="")
    examples = [Example(name, code, "", "text", line) for line, code in enumerate(programs)]
    ran = RUN[name](examples, tmp_path, environment)
    assert [failure for _, failure in ran if failure] == []
    plain, streamed, model, rating, costs, file = (text for text, _ in ran)
    assert re.search(r"""It's .{0,2}"me.{0,2}" .{0,4} ü""", plain)
    assert streamed.count("chat.completion.chunk") >= 3
    assert re.search(r"owned_by.*chatsite", model)
    assert re.search(r"better_answer.*Hello, Ada!", rating)
    assert "organization.costs.result" in costs
    assert re.search(r"filename\W+french.jsonl", file)


def program(endpoint: Locator, language: str) -> str:
    """The program that an endpoint shows, once it shows it in this language."""
    begins = {"curl": "curl", "Python": "client = OpenAI(", "Node": "const client"}
    code = endpoint.locator("[data-sample]", has_text=begins[language])
    code.wait_for()
    return code.inner_text() + "\n"


def test_a_file_is_sent_and_read_back(page_for: PageFor, site: Site, tmp_path: Path) -> None:
    page = page_for()
    files = opened(page, site.person().api_key, "post-files")
    assert files.get_by_label("purpose").input_value() == "fine-tune"
    files.locator("input[type=file]").set_input_files(written(tmp_path))
    assert send(files).startswith("200 ")
    sent = reply_of(files)
    assert (sent["filename"], sent["status"]) == ("french.jsonl", "processed")

    content = unfold(page, "get-files-file_id-content")
    expect(content.get_by_label("file_id")).to_have_value(sent["id"])
    send(content)
    assert content.locator("[data-content]").inner_text() == LINES

    train = unfold(page, "post-fine_tuning-jobs")
    assert body_of(train)["training_file"] == sent["id"]


LINES = '{"prompt": "One", "completion": "Un"}\n{"prompt": "Two", "completion": "Deux"}\n'


def written(folder: Path) -> Path:
    """A file to be sent."""
    path = folder / "french.jsonl"
    path.write_text(LINES)
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_it_is_accessible_and_fits(page_for: PageFor, site: Site, width: int, scheme: Any) -> None:
    page = page_for(color_scheme=scheme, viewport={"width": width, "height": 740})
    chat = opened(page, site.person().api_key, "post-chat-completions")
    say(chat, "fake/echo")
    chat.get_by_label("Stream the reply").check()
    send(chat)
    send(unfold(page, "get-organization-costs"))
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_it_works_by_keyboard_and_is_found_from_the_keys(page_for: PageFor, site: Site) -> None:
    page = page_for()
    page.goto("/settings/keys/")
    page.get_by_role("link", name="API page").press("Enter")
    page.wait_for_url("**/v1/docs")
    page.get_by_label("API key", exact=True).fill(site.person().api_key)
    limits = page.locator("#get-usage-limits")
    limits.locator("summary").focus()
    page.keyboard.press("Enter")
    limits.locator("[data-sample]", has_text="usage/limits").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Send")
    page.keyboard.press("Enter")
    limits.locator("[data-status]", has_text="200 OK").wait_for()
    limits.locator("[data-content]", has_text="usage.limits").wait_for()
