"""The chat page as a person meets it: the real site, the real engine, a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from playwright.sync_api import expect

from tests.servers.answers import words
from tests.servers.people import PASSWORD
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.timeout(180)]

PageFor = Callable[..., "Page"]
STILL = """() => {
  for (const each of document.getAnimations()) {
    if (each.effect.getComputedTiming().endTime < Infinity) each.finish();
  }
}"""


def ask(page: Page, text: str = "Go", model: str = "starter") -> None:
    """Send a message; when it is taken, the address is the conversation's."""
    page.select_option("#model", model)
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")
    page.wait_for_url(re.compile(r"/c/[0-9a-f-]{36}/$"))


def answer(page: Page, status: str = "complete") -> Locator:
    """The last answer, once it is in that state."""
    last = page.locator(".message.assistant").last
    last.and_(page.locator(f"[data-status={status}]")).wait_for()
    return last


def said(answer: Locator) -> str:
    return " ".join(answer.locator(".prose").inner_text().split())


def test_a_newcomer_signs_up_and_talks_to_a_real_transformer(page_for: PageFor, site: Site) -> None:
    site.person("administrator")
    page = page_for(None)
    page.goto("/")
    assert "/accounts/login/" in page.url
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Email").fill("newcomer@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_selector(".built-in-note")
    page.wait_for_load_state()
    page.get_by_role("button", name="What is the capital of Japan?").click()
    # A very small model may ramble until its window is full, which is an end as well.
    ended = page.locator(".message.assistant:not([data-status=streaming])")
    ended.wait_for()
    text = said(ended)
    assert len(text) > 10
    expect(page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    expect(page).to_have_title(re.compile(r"^What is the capital of Japan\?"))
    page.reload()
    assert said(ended) == text


def test_who_waits_for_the_model_is_told_the_place_in_the_queue(
    page_for: PageFor, site: Site
) -> None:
    """Four long answers of bob's hold the starter's slots; alice waits, and then is answered.

    The model stands still meanwhile, or a slow browser would come when they are over.
    """
    body = {
        "model": "starter",
        "messages": [{"role": "user", "content": "Go"}],
        "logit_bias": {str(token): -100 for token in range(4)},  # it cannot end
        "max_tokens": 900,
        "stream": True,
    }
    headers = {"Authorization": f"Bearer {site.person('bob').api_key}"}
    page = page_for()
    page.goto("/")
    page.select_option("#model", "starter")
    page.fill("#prompt", "What is the capital of Italy?")
    begun, over = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        url = f"{site.url}/v1/chat/completions"
        with httpx2.stream("POST", url, json=body, headers=headers, timeout=90) as reply:
            begun.release()
            for _ in reply.iter_raw():
                if over.is_set():
                    return

    with ThreadPoolExecutor(4) as bob:
        holding = [bob.submit(hold) for _ in range(4)]
        try:
            assert all(begun.acquire(timeout=60) for _ in range(4))
            with standing_still(site):
                page.press("#prompt", "Enter")
                waiting = page.get_by_text("Waiting for the model: you are next.")
                waiting.wait_for()
        finally:
            over.set()
    assert [each.result() for each in holding] == [None] * 4
    assert said(answer(page))
    expect(waiting).to_have_count(0)


def test_a_long_prompt_has_a_bar_until_it_is_read(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, "Hello", model="fake/reads-6")
    bar = page.get_by_role("progressbar", name="Read")
    expect(bar).to_be_visible()
    expect(page.get_by_text("The model is reading the conversation.")).to_be_visible()
    assert said(answer(page)) == "Hello"
    expect(bar).to_have_count(0)


@contextmanager
def standing_still(site: Site) -> Iterator[None]:
    """Stop the engine's models for the length of a block."""
    models = [
        each for each in site.processes() if "chatsite.backend.engine.worker" in each.cmdline()
    ]
    assert models
    for model in models:
        model.suspend()
    try:
        yield
    finally:
        for model in models:
            model.resume()


def test_a_reload_in_the_middle_loses_and_doubles_nothing(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, model="fake/slow-40")
    page.get_by_text("three3").wait_for()
    page.reload()
    assert "three3" in said(page.locator(".message.assistant"))
    assert said(answer(page)) == words(40)
    expect(page.locator(".message.assistant .block")).to_have_count(1)


def test_a_second_tab_joins_and_stops(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, model="fake/slow-4000")
    page.get_by_text("three3").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_text("one7").wait_for()
    other.get_by_role("button", name="Stop answering").click()
    stopped = said(answer(page, "stopped"))
    assert words(4000).startswith(stopped)
    assert said(answer(other, "stopped")) == stopped
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_the_server_is_killed_in_the_middle_and_the_answer_goes_on(
    page_for: PageFor, site: Site
) -> None:
    page = page_for()
    page.goto("/")
    ask(page, model="fake/stall-12-1")
    page.get_by_text("three3").wait_for()
    shown = said(page.locator(".message.assistant"))
    site.kill("web")
    # The page finds its way back by itself, and nothing that it showed is gone.
    interrupted = said(answer(page, "interrupted"))
    assert interrupted.startswith(shown)
    page.get_by_role("button", name="Continue").click()
    assert said(answer(page)) == f"{interrupted} {words(17)}"


def test_an_engine_that_is_killed_is_back_for_the_next_question(
    page_for: PageFor, site: Site
) -> None:
    page = page_for()
    page.goto("/")
    ask(page, "Hello")
    answer(page)
    ready = site.output.count("engine ready")
    site.kill("engine")
    ask(page, "Are you still there?")
    page.locator(".message.assistant:not([data-status=streaming])").nth(1).wait_for()
    if (failed := page.get_by_role("button", name="Try again")).count():
        site.wait_for("engine ready", count=ready + 1)
        failed.click()
    assert len(said(answer(page))) > 0


def test_a_worker_that_is_killed_does_not_touch_an_answer(page_for: PageFor, site: Site) -> None:
    page = page_for()
    page.goto("/")
    ask(page, model="fake/slow-40")
    page.get_by_text("three3").wait_for()
    site.kill("worker")
    assert said(answer(page)) == words(40)


def test_a_failure_is_told_in_place_and_can_be_tried_again(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, model="fake/error-3")
    failed = answer(page, "failed")
    assert "one1" in said(failed)
    page.select_option("#model", "fake/echo")
    page.get_by_role("button", name="Try again").click()
    assert said(answer(page)) == "Go"


def test_markdown_is_rendered_with_tables_code_and_maths(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, model="fake/markdown")
    prose = answer(page).locator(".prose")
    expect(prose.locator("table td").first).to_have_text("apple")
    expect(prose.locator("input[type=checkbox]")).to_have_count(2)
    expect(prose.locator("math")).to_have_count(1)
    expect(prose.locator("figure.code code")).to_contain_text("print")
    expect(prose.get_by_role("button", name="Copy")).to_be_visible()


def test_what_is_written_from_right_to_left_is_laid_out_so_and_its_code_is_not(
    page_for: PageFor,
) -> None:
    page = page_for()
    page.goto("/")
    ask(page, "Hello\n\n- مرحبا `a (b)`\n\n  ```\n  x (y)\n  ```", "fake/echo")
    prose = answer(page).locator(".prose")
    directions = {
        tag: prose.locator(tag).first.evaluate("each => getComputedStyle(each).direction")
        for tag in ("p", "ul", "li code", "pre")
    }
    assert directions == {"p": "ltr", "ul": "rtl", "li code": "ltr", "pre": "ltr"}
    page.reload()
    expect(prose.locator("ul")).to_have_css("direction", "rtl")


def test_a_table_scrolls_before_it_cuts_a_name(page_for: PageFor) -> None:
    page = page_for(viewport={"width": 360, "height": 740})
    page.goto("/")
    name = "A_NAME_THAT_IS_RATHER_LONG"
    ask(page, f"| `{name}` | https://example.com/{name} |\n|---|---|\n| a | b |", "fake/echo")
    prose = answer(page).locator(".prose")
    for cell in prose.locator("th :is(a, code)").all():
        assert cell.evaluate("each => each.getClientRects().length") == 1
    assert prose.locator(".table-wrap").evaluate("each => each.scrollWidth - each.clientWidth") > 0
    assert sideways(page) <= 0


def test_a_long_answer_is_printed_whole_and_by_itself(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, words(1500), "fake/echo")
    last = answer(page)
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf())) > 2
    page.emulate_media(media="print")
    expect(last.locator(".prose")).to_be_visible()
    for hidden in ("#sidebar", "#prompt", "#model", ".message .actions"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_versions_by_edit_and_regenerate(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, "Helo", "fake/echo")
    answer(page)
    page.get_by_role("button", name="Edit message").click()
    field = page.get_by_label("Edit your message")
    field.fill("Hello")
    field.press("Shift+Enter")
    expect(field).to_have_value("Hello\n")
    field.press("Enter")  # as in the composer
    page.get_by_text("2/2").wait_for()
    assert said(answer(page)) == "Hello"
    page.get_by_role("button", name="Previous version").click()
    page.get_by_text("1/2").wait_for()
    assert said(answer(page)) == "Helo"
    page.get_by_role("button", name="Regenerate").click()
    page.get_by_text("2/2").wait_for()
    assert said(answer(page)) == "Helo"


def test_rename_and_delete(page_for: PageFor) -> None:
    page = page_for("bob")
    page.goto("/")
    ask(page, "First talk", "fake/echo")
    answer(page)
    page.locator("h1", has_text="User: First talk").wait_for()  # so the model would call it
    other = page.context.new_page()
    other.goto("/")
    page.get_by_role("button", name="Options for User: First talk").click()
    page.get_by_role("link", name="Rename").click()
    expect(page.get_by_label("New title")).to_be_focused()
    page.keyboard.type("Renamed")  # over the old one, which is selected
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Renamed").wait_for()
    options = page.get_by_role("button", name="Options for Renamed")
    expect(options).to_be_focused()
    listed = other.get_by_role("link", name="Renamed")
    expect(listed).to_have_count(1)
    options.click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.locator("h1", has_text="New chat").wait_for()
    expect(page.get_by_role("link", name="Renamed")).to_have_count(0)
    expect(listed).to_have_count(0)


def test_a_word_without_end_fits_on_a_narrow_screen(page_for: PageFor) -> None:
    word = "Donaudampfschifffahrtsgesellschaft" * 5
    page = page_for("bob", viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page.goto("/settings/keys/")
    page.get_by_label("Name").fill(word[:100])
    page.get_by_text("Limit what it may do").click()
    page.get_by_role("textbox", name="Models").fill(f"{word}*")
    page.get_by_role("button", name="Create key").click()  # it is below what was filled in
    page.get_by_role("link", name=f"Change {word[:100]}").click()
    page.get_by_role("heading", name=word[:100]).wait_for()
    assert sideways(page) <= 0
    for path in ("/settings/keys/", f"/search/?q={word}"):
        page.goto(path)
        assert sideways(page) <= 0, path
    chat = page_for("bob", viewport={"width": 360, "height": 740})
    chat.goto("/")
    ask(chat, word, "fake/echo")
    answer(chat)
    chat.wait_for_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    assert sideways(chat) <= 0
    place = chat.url
    page.goto(f"{place}rename/")
    page.get_by_label("Title").fill(word)
    page.get_by_role("button", name="Save").click()
    for path in ("/conversations/", f"{place}delete/"):
        page.goto(path)
        page.get_by_text(word).first.wait_for()
        assert sideways(page) <= 0, path


def sideways(page: Page) -> int:
    """CSS pixels by which the page is wider than the window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wider


def test_the_box_of_a_long_label_stands_beside_it(page_for: PageFor) -> None:
    page = page_for(viewport={"width": 360, "height": 740})
    page.goto("/settings/")
    box = page.get_by_label("Keep my ratings").bounding_box()
    label = page.get_by_text("Keep my ratings").bounding_box()
    assert box is not None
    assert label is not None
    assert label["x"] > box["x"] + box["width"]
    assert abs(label["y"] - box["y"]) < 10


def test_what_was_typed_survives_a_reload(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    page.fill("#prompt", "half a thought")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("half a thought")
    ask(page, "A whole one", "fake/echo")
    answer(page)
    page.fill("#prompt", "the next half")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("the next half")


def test_the_model_that_was_picked_survives_a_reload(page_for: PageFor) -> None:
    page = page_for("bob")
    page.goto("/")
    for picked, built_in in [("starter", True), ("fake/echo", False)]:
        page.select_option("#model", picked)
        page.reload()
        expect(page.locator("#model")).to_have_value(picked)
        expect(page.locator(".built-in-note")).to_be_visible(visible=built_in)
    page.fill("#prompt", "Hello")
    page.press("#prompt", "Enter")
    assert said(answer(page)) == "Hello"
    # Of the conversation, what is picked for the next message.
    page.select_option("#model", "starter")
    page.reload()
    expect(page.locator("#model")).to_have_value("starter")
    page.goto("/")
    expect(page.locator("#model")).to_have_value("fake/echo")


def test_the_way_back_leads_to_the_conversation(page_for: PageFor) -> None:
    page = page_for("bob")
    page.goto("/")
    ask(page, "Wait for me", "fake/echo")
    answer(page)
    page.wait_for_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    place = page.url
    page.goto("/settings/")
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("heading", name="API keys").wait_for()
    page.get_by_role("link", name="Back to chat").click()
    page.wait_for_url(place)
    # Not from where it cannot be known, nor after a page that says it is gone.
    page.goto("/c/00000000-0000-4000-8000-000000000000/")
    page.get_by_role("link", name="Search").click()
    expect(page.get_by_role("link", name="Back to chat")).to_have_attribute("href", "/")


def test_somebody_elses_conversation_is_not_there(page_for: PageFor) -> None:
    page = page_for()
    page.goto("/")
    ask(page, "A secret of mine", "fake/echo")
    answer(page)
    stranger = page_for("bob")
    response = stranger.goto(page.url)
    assert response is not None
    assert response.status == 404
    assert "A secret of mine" not in stranger.content()


def violations(page: Page) -> list[Any]:
    """What axe finds wrong, without regard to colours on their way to others."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(STILL)
    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_accessible_and_fits(page_for: PageFor, scheme: Any, width: int) -> None:
    page = page_for("administrator", color_scheme=scheme, viewport={"width": width, "height": 740})
    page.goto("/")
    problems = {"/": violations(page)}
    ask(page, model="fake/markdown")
    answer(page)
    problems["answer"] = violations(page)
    for path in (
        "/models/", "/settings/", "/settings/keys/", "/settings/people/", "/accounts/email/",
        "/accounts/password/change/", "/accounts/2fa/", "/settings/usage/",
        "/settings/usage/site/", "/settings/usage/unpriced/", "/settings/requests/", "/ratings/",
        "/c/00000000-0000-4000-8000-000000000000/",
    ):  # fmt: skip
        page.goto(path)
        problems[path] = violations(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, path
    nobody = page_for(None, color_scheme=scheme, viewport={"width": width, "height": 740})
    for path in (
        "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/",
        "/accounts/password/reset/key/1-used/",
    ):  # fmt: skip
        nobody.goto(path)
        problems[path] = violations(nobody)
    assert {path: found for path, found in problems.items() if found} == {}


def test_what_a_model_thinks_is_glimpsed_and_can_be_opened(page_for: PageFor) -> None:
    page = page_for("alice", viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto("/")
    ask(page, "Why?", model="fake/thinks-40")
    expect(page.locator(".glimpse")).to_contain_text("Thinking one1 two2")
    page.locator(".glimpse", has_text="three24").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    last = page.locator(".message.assistant")
    last.get_by_text("Thought for").click()
    expect(page.locator(".glimpse")).to_have_count(0)
    expect(last.locator(".thoughts")).to_have_text(words(40))
    expect(last).to_have_attribute("data-status", "streaming")
    answer(page)
    expect(last.locator(".thoughts")).to_be_visible()
    assert last.locator(".prose").last.inner_text() == words(40)
    assert violations(page) == []
    ask(page, "And then?", model="fake/echo")
    expect(page.locator(".message.assistant")).to_have_count(2)
    answer(page)
    expect(page.locator(".thoughts")).to_be_visible()
    page.reload()
    expect(page.locator(".thoughts")).to_be_hidden()
    page.get_by_text("Thought for").press("Enter")
    expect(page.locator(".thoughts")).to_have_text(words(40))
