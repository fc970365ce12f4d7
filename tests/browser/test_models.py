"""The models page as an administrator meets it: the real site, the real engine, a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.backend.engine.alphabet import write_alphabet
from tests.browser.test_chat import violations
from tests.servers.hub import Hub
from tests.servers.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.timeout(180)]

PageFor = Callable[..., "Page"]


@pytest.fixture(scope="module")
def alphabet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = write_alphabet(tmp_path_factory.mktemp("model") / "alphabet.gguf")
    return path


@pytest.fixture(autouse=True)
def models(site: Site, hub: Hub) -> Iterator[Path]:
    """The site's folder of models; what a test has put there is gone after it."""
    folder = site.folder / "data" / "models"
    before = set(folder.glob("*.gguf"))
    yield folder
    for path in set(folder.glob("*.gguf")) - before:
        path.unlink()


def pull(page: Page, reference: str) -> None:
    page.get_by_label("Model on the hub").fill(reference)
    page.get_by_role("button", name="Fetch", exact=True).click()


def entry(page: Page, reference: str) -> Any:
    return page.get_by_role("list", name="Downloads").locator("li").filter(has_text=reference)


def test_a_model_is_pulled_talked_to_unloaded_and_removed(
    page_for: PageFor, hub: Hub, alphabet: Path
) -> None:
    hub.repositories["ada/letters"] = {"letters-F16.gguf": alphabet.read_bytes()}
    page = page_for("administrator")
    page.goto("/models/")
    pull(page, "ada/letters:F16")
    entry(page, "ada/letters:F16").get_by_text("Here as letters-f16").wait_for()
    page.locator(".model-list code", has_text="letters-f16").wait_for()
    page.goto("/")
    page.select_option("#model", "letters-f16")
    page.fill("#prompt", "Go")
    page.press("#prompt", "Enter")
    page.locator(".prose", has_text="abcdefghijklmnopqrstuvwxyz.").wait_for()
    page.goto("/models/")
    row = page.locator(".model-list > li", has_text="letters-f16")
    expect(row).to_contain_text(re.compile(r"Loaded, \d+(\.\d+)? MB of memory"))
    row.get_by_role("button", name="Unload letters-f16").click()
    page.get_by_role("button", name="Unload", exact=True).click()
    page.get_by_text("letters-f16 is unloaded.").wait_for()
    page.wait_for_load_state()
    expect(row).not_to_contain_text("Loaded")
    row.get_by_role("button", name="Remove letters-f16").click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    row.get_by_role("button", name="Remove letters-f16").press("Enter")
    page.get_by_role("button", name="Remove", exact=True).press("Enter")
    page.get_by_text("letters-f16 is removed.").wait_for()
    expect(row).to_have_count(0)


def test_a_download_survives_a_killed_worker(
    page_for: PageFor, site: Site, hub: Hub, alphabet: Path, models: Path
) -> None:
    content = alphabet.read_bytes()
    hub.repositories["ada/slow"] = {"slow.gguf": content}
    hub.bytes_per_second = 30_000
    page = page_for("administrator")
    page.goto("/models/")
    pull(page, "ada/slow")
    entry(page, "ada/slow").get_by_text(re.compile(r"^[1-9]\d* kB of ")).wait_for()
    site.kill("worker")
    hub.bytes_per_second = 0
    entry(page, "ada/slow").get_by_text("Here as slow").wait_for(timeout=90_000)
    assert (models / "slow.gguf").read_bytes() == content
    first, second = hub.transfers
    assert (first, second > 0) == (0, True)


def test_a_download_is_cancelled_tried_again_and_dismissed_by_keyboard(
    page_for: PageFor, hub: Hub, alphabet: Path
) -> None:
    hub.repositories["ada/crawling"] = {"crawling.gguf": alphabet.read_bytes()}
    hub.bytes_per_second = 20_000
    page = page_for("administrator")
    page.goto("/models/")
    pull(page, "ada/crawling")
    row = entry(page, "ada/crawling")
    row.get_by_text(re.compile(r"kB of ")).wait_for()
    row.get_by_role("button", name="Cancel").press("Enter")
    row.get_by_text("Cancelled at").wait_for()
    # The button that took its place has the focus.
    page.locator("button:focus", has_text="Try again").wait_for()
    page.keyboard.press("Enter")
    row.get_by_text(re.compile(r"kB of ")).wait_for()
    row.get_by_role("button", name="Cancel").press("Enter")
    row.get_by_text("Cancelled at").wait_for()
    row.get_by_role("button", name="Dismiss").press("Enter")
    row.wait_for(state="detached")
    page.locator("#downloads-title:focus").wait_for()


def test_a_mistake_is_told_in_place(page_for: PageFor) -> None:
    page = page_for("administrator")
    page.goto("/models/")
    pull(page, "nonsense")
    page.get_by_text("Name a model as owner/name").wait_for()
    expect(page.get_by_label("Model on the hub")).to_have_attribute("aria-invalid", "true")
    pull(page, "ada/nobody")
    entry(page, "ada/nobody").get_by_text("There is no ada/nobody at").wait_for()
    assert violations(page) == []
    entry(page, "ada/nobody").get_by_role("button", name="Dismiss").click()
    entry(page, "ada/nobody").wait_for(state="detached")


def test_a_file_is_uploaded_in_pieces_and_another_refused(
    page_for: PageFor, alphabet: Path, tmp_path: Path, models: Path
) -> None:
    large, wrong = tmp_path / "sent.gguf", tmp_path / "wrong.gguf"
    large.write_bytes(alphabet.read_bytes() + bytes(9 * 1024**2))  # three pieces
    wrong.write_text("This is no model.")
    page = page_for("administrator")
    page.goto("/models/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.route("**/models/uploads/*/?offset=4194304", lambda route: route.abort(), times=1)
    page.set_input_files("#upload-file", str(large))
    page.get_by_text("sent is here and can be picked.").wait_for()
    assert asked.count("PUT") == 4  # one of them broke off
    assert (models / "sent.gguf").read_bytes() == large.read_bytes()
    page.locator(".model-list code", has_text="sent").wait_for()
    page.set_input_files("#upload-file", str(wrong))
    page.get_by_text("wrong.gguf: This is not a GGUF file.").wait_for()
    dropped = page.evaluate_handle(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["hello"], "letter.txt"));
          return dropped;
        }"""
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
    page.get_by_text("letter.txt is not a GGUF file.").wait_for()
    page.set_input_files("#upload-file", str(large))
    page.get_by_text("A model named sent is here already").wait_for()
    assert violations(page) == []


def test_a_file_that_came_whole_before_the_site_was_killed_is_put_in_its_place(
    page_for: PageFor, alphabet: Path, tmp_path: Path, models: Path
) -> None:
    whole = tmp_path / "whole.gguf"
    whole.write_bytes(alphabet.read_bytes())
    page = page_for("administrator")
    page.goto("/models/")
    page.route("**/models/uploads/*/?offset=0", lambda route: None, times=1)
    with page.expect_request("**/models/uploads/*/?offset=0"):
        page.set_input_files("#upload-file", str(whole))
    [folder] = (models / ".uploads").iterdir()
    (folder / "whole.gguf").write_bytes(whole.read_bytes())
    page.reload()
    page.set_input_files("#upload-file", str(whole))
    page.get_by_text("whole is here and can be picked.").wait_for()
    assert (models / "whole.gguf").read_bytes() == whole.read_bytes()


def test_alice_sees_the_models_and_no_more(page_for: PageFor) -> None:
    page = page_for("alice")
    page.goto("/models/")
    page.locator(".model-list code", has_text=re.compile("^starter$")).wait_for()
    assert page.get_by_role("button", name=re.compile("Remove|Unload|Fetch")).count() == 0
    assert page.locator("input[type=file]").count() == 0
    assert violations(page) == []
