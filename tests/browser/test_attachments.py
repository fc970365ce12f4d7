"""Pictures put to messages on the real page, before a real model that sees red, green and blue."""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.backend.engine.alphabet import write_alphabet
from tests.backend.engine.seeing import write_projector
from tests.browser.test_chat import violations
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.timeout(180)]

PageFor = Callable[..., "Page"]
TRANSFER = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "image/png" }));
  return carried;
}"""


def drawn(color: str, size: tuple[int, int] = (320, 200)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": content}


def carried(page: Page, content: bytes, name: str = "picture.png") -> object:
    return page.evaluate_handle(TRANSFER, [name, base64.b64encode(content).decode("ascii")])


@pytest.fixture
def page(page_for: PageFor, site: Site) -> Page:
    folder = site.folder / "data" / "models"
    if not (folder / "looker.gguf").exists():  # a file that is loaded is not written again
        write_projector(folder / "looker.mmproj.gguf", name="Looker")
        write_alphabet(folder / "looker.gguf", sees=True, name="Looker")
    page = page_for("bob", viewport={"width": 360, "height": 740})
    page.goto("/")
    page.locator("#model option[value=looker]").wait_for(state="attached")
    return page


def test_pictures_are_picked_kept_taken_off_and_sent(page: Page) -> None:
    attach = page.get_by_role("button", name="Attach pictures")
    chips, prompt = page.locator("#attached > li"), page.get_by_label("Your message")
    page.select_option("#model", "starter")
    expect(attach).to_be_hidden()
    page.select_option("#model", "looker")
    with page.expect_file_chooser() as chooser:
        attach.click()
    chooser.value.set_files([file("a.png", drawn("red")), file("b.png", drawn("blue", (800, 600)))])
    expect(chips).to_have_count(2)
    expect(prompt).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("2 pictures are attached.")
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(chips).to_have_count(2)
    page.select_option("#model", "starter")
    note = page.get_by_text("This model does not see pictures.")
    expect(note).to_be_visible()
    prompt.fill("What is it?")
    prompt.press("Enter")
    page.get_by_text("does not see pictures. Pick a model that does").wait_for()
    expect(prompt).to_have_value("What is it?")
    expect(chips).to_have_count(2)
    page.select_option("#model", "looker")
    expect(note).to_be_hidden()
    take_off = chips.first.get_by_role("button", name="Take this picture off")
    take_off.press("Enter")
    expect(page.locator("#attached > li:visible button")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("A picture is attached.")
    expect(chips).to_have_count(1)
    prompt.press("Enter")
    expect(page.locator(".message.assistant")).to_contain_text("bbbb")
    expect(chips).to_have_count(0)
    page.wait_for_url(re.compile("/c/"))
    shown = page.locator(".message.user .attached img")
    page.reload()
    expect(shown).to_have_count(1)
    assert shown.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [640, 480]
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(chips).to_have_count(0)


def test_pictures_are_pasted_and_dropped(page: Page) -> None:
    page.select_option("#model", "looker")
    chips = page.locator("#attached > li")
    prompt = page.get_by_label("Your message")
    paste = """(field, carried) => field.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }))"""
    prompt.evaluate(paste, carried(page, drawn("lime")))
    expect(chips).to_have_count(1)
    main = page.locator("#main")
    for kind in ("dragover", "drop"):
        main.dispatch_event(kind, {"dataTransfer": carried(page, drawn("lime"))})
    expect(chips).to_have_count(2)
    main.dispatch_event("drop", {"dataTransfer": carried(page, b"no picture", "notes.png")})
    page.get_by_text("notes.png is not a PNG, JPEG, WebP or GIF file that can be read.").wait_for()
    prompt.fill("And this?")
    prompt.press("Enter")
    expect(page.locator(".message.assistant")).to_contain_text("gggg")
    expect(page.locator(".message.user .attached img")).to_have_count(2)


def test_what_comes_while_a_picture_is_on_its_way_comes_after_it(page: Page) -> None:
    """The second was lost without a word, and one that was taken off was sent."""

    def slowly(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.select_option("#model", "looker")
    page.route("**/attachments/**", slowly)
    chips, main = page.locator("#attached > li"), page.locator("#main")
    for color in ("red", "lime", "blue"):
        main.dispatch_event("drop", {"dataTransfer": carried(page, drawn(color))})
    expect(chips).to_have_count(3)
    prompt = page.get_by_label("Your message")
    prompt.press("Enter")
    expect(prompt).to_have_attribute("placeholder", "Write what you want to know of it")
    prompt.fill("What is it?")
    for number in (0, 0):
        chips.locator("visible=true").nth(number).get_by_role("button").click()
    prompt.press("Enter")
    expect(page.locator(".message.assistant")).to_contain_text("bbbb")
    expect(page.locator(".message.user .attached img")).to_have_count(1)


def test_more_than_a_message_takes_are_left_out_and_failures_are_said(page: Page) -> None:
    page.select_option("#model", "looker")
    chips = page.locator("#attached > li")
    page.set_input_files("#attach-file", [file(f"{n}.png", drawn("blue")) for n in range(10)])
    expect(chips).to_have_count(8)
    page.get_by_text("A message takes 8 pictures. The others were left out.").wait_for()
    chips.first.get_by_role("button").click()
    expect(chips).to_have_count(7)
    expect(page.locator("#attached-note")).to_have_text("")
    page.route("**/attachments/", lambda route: route.abort())
    page.locator("#main").dispatch_event("drop", {"dataTransfer": carried(page, drawn("red"))})
    page.get_by_text("The site does not answer.").wait_for()
    expect(chips).to_have_count(7)


def test_what_is_sent_while_a_picture_is_on_its_way_waits_for_it(page: Page) -> None:
    def slowly(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    page.select_option("#model", "looker")
    page.route("**/attachments/", slowly)
    prompt = page.get_by_label("Your message")
    prompt.fill("What is it?")
    page.set_input_files("#attach-file", file("a.png", drawn("blue")))
    prompt.press("Enter")
    expect(page.locator(".message.assistant")).to_contain_text("bbbb")
    expect(page.locator(".message.user .attached img")).to_have_count(1)
