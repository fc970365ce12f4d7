"""Pictures as a person meets them: the real site, its worker, the built-in illustrator."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from chatsite.backend.imaging import files
from tests.browser.test_chat import violations

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PageFor = Callable[..., "Page"]
PATIENCE = 120_000
"""Milliseconds for a picture beside the rest of the suite; alone it takes two seconds."""


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_picture_is_drawn_found_changed_and_shared(page_for: PageFor) -> None:
    page = page_for("alice")
    page.goto("/")
    page.get_by_role("link", name="Pictures").click()
    page.wait_for_url("**/pictures/")
    page.get_by_label("Describe a picture").fill("a red fox beside a lake")
    page.get_by_label("Describe a picture").press("Enter")
    first = page.locator("a.frame").first
    first.wait_for(timeout=PATIENCE)
    expect(page.get_by_label("Describe a picture")).to_have_value("")
    assert violations(page) == []
    page.reload()
    first.click()
    page.get_by_label("What should be different?").fill("make it night")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("heading", name="make it night").wait_for(timeout=PATIENCE)
    expect(page.locator(".family li")).to_have_count(2)
    expect(page.locator(".differences")).to_have_text("time: night")
    assert violations(page) == []
    changed_below_a_stroke(page)
    compared(page)
    page.get_by_role("button", name="Share a link").click()
    link = page.locator("#share-link").inner_text()
    page.goto(link)
    page.get_by_role("heading", name="make it snow").wait_for()
    assert violations(page) == []


def changed_below_a_stroke(page: Page) -> None:
    """Paint over the middle of the picture, and change nothing else."""
    before = pixels(page)
    page.locator("summary", has_text="Only a part of it").click()
    canvas = page.locator("[data-canvas]")
    canvas.scroll_into_view_if_needed()
    x, y = middle(canvas)
    for _ in range(2):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y + 10, steps=3)
        page.mouse.up()
        y += 60
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Bottom right").check(force=True)
    assert violations(page) == []
    page.get_by_label("What should be different?").fill("make it snow")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("heading", name="make it snow").wait_for(timeout=PATIENCE)
    after = pixels(page)
    width, height = before.size
    assert (
        before.crop((0, 0, width, height // 3)).tobytes()
        == after.crop((0, 0, width, height // 3)).tobytes()
    )
    corner = (2 * width // 3, 2 * height // 3, width, height)
    assert before.crop(corner).tobytes() != after.crop(corner).tobytes()
    spot = (width // 2, height // 2 - 10, width // 2 + 20, height // 2 + 10)
    assert before.crop(spot).tobytes() != after.crop(spot).tobytes()


def pixels(page: Page) -> Image.Image:
    """The picture that the page shows, from its file."""
    source = page.locator("[data-stage] img").get_attribute("src")
    assert source is not None
    return Image.open(io.BytesIO(page.request.get(source).body())).convert("RGB")


def compared(page: Page) -> None:
    """With the one that it was made from: by the edge, in turns, and back to its page."""
    page.get_by_role("link", name="Compare", exact=True).click()
    page.wait_for_url("**/compare/**")
    edge = page.get_by_role("slider")
    edge.press("ArrowRight")
    expect(edge).to_have_value("51")
    assert violations(page) == []
    page.get_by_text("Flicker").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Turn over").wait_for()
    page.locator(".crumbs a").last.click()


def uploaded(page: Page, folder: Path, colors: tuple[str, ...]) -> None:
    paths = []
    for color in colors:
        paths.append(folder / f"{color}.png")
        paths[-1].write_bytes(files.encode(Image.new("RGB", (400, 300), color), "png"))
    page.locator("#id_picture").set_input_files(paths)
    page.get_by_text(f"{len(colors)} uploaded.").wait_for()


def test_several_pictures_are_sorted_by_hand_and_by_keys(page_for: PageFor, tmp_path: Path) -> None:
    page = page_for("bob")
    page.goto("/pictures/")
    uploaded(page, tmp_path, ("teal", "navy", "olive"))
    tiles = page.locator("#grid .tile:not([hidden])")
    tiles.nth(2).wait_for()
    page.get_by_role("button", name="New board").press("Enter")
    expect(page.get_by_label("New board", exact=True)).to_be_focused()
    page.keyboard.type("Colours")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Colours").wait_for()
    page.get_by_role("link", name="All pictures").click()
    page.get_by_role("heading", name="Your pictures").wait_for()
    page.wait_for_load_state()

    # One by dragging, two by keys.
    tiles.nth(0).drag_to(page.get_by_role("link", name="Colours 0"))
    page.get_by_role("link", name="Colours 1").wait_for()
    tiles.nth(1).locator("a").focus()
    for key in ("s", "x", "ArrowRight", "x"):
        page.keyboard.press(key)
    page.get_by_text("2 selected").wait_for()
    page.locator(".star[aria-pressed=true]").wait_for()
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = [re.sub(r"-[0-9a-f]{8}\.png$", "", name) for name in archive.namelist()]
        assert sorted(names) == ["navypng", "tealpng"]
        assert archive.testzip() is None
    page.get_by_label("Board", exact=True).select_option("Colours")
    page.get_by_role("button", name="Move").click()
    page.get_by_role("link", name="Colours 3").wait_for()

    # Gone, and back.
    tiles.nth(0).locator("a").focus()
    page.keyboard.press("Delete")
    page.get_by_text("1 picture deleted.").wait_for()
    tiles.nth(2).wait_for(state="detached")
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 picture back.").wait_for()
    tiles.nth(2).wait_for()
    tiles.nth(0).locator(".pick").check()
    page.locator("#chosen").get_by_role("button", name="Delete").press("Enter")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    undo.press("Enter")
    page.get_by_text("1 picture back.").wait_for()
    expect(tiles.nth(0).locator(".frame")).to_be_focused()
    page.reload()
    for day in page.get_by_role("button", name="Select all of").all():  # two at midnight
        day.click()
    page.get_by_text("3 selected").wait_for()
    page.keyboard.press("Escape")
    page.locator("#chosen.open").wait_for(state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_deleted_pictures_can_be_had_back(
    page_for: PageFor, tmp_path: Path, scheme: Any, width: int
) -> None:
    scripts = width == 1280  # and without them on the phone
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 740}}
    page = page_for("administrator", **options)
    page.goto("/pictures/")
    tiles = page.locator("#grid .tile:not([hidden])")
    before = tiles.count() + 3
    uploaded(page, tmp_path, ("teal", "navy", "olive"))
    expect(tiles).to_have_count(before)
    tiles.first.locator("a").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("1 picture deleted.").wait_for()
    expect(tiles).to_have_count(before - 1)
    assert violations(page) == []
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(tiles).to_have_count(before)
    for _ in range(3):
        tiles.first.locator("a").click()
        page.get_by_role("button", name="Delete").click()
        page.get_by_text("1 picture deleted.").wait_for()

    if not scripts:
        page = page_for("administrator", java_script_enabled=False, **options)
        page.goto("/pictures/")
    page.get_by_role("link", name="Recently deleted").click()
    thrown = page.locator(".thrown")
    expect(thrown).to_have_count(3)
    if scripts:
        assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".thrown img").first).not_to_have_js_property("naturalWidth", 0)
    page.get_by_role("button", name="Restore “olive.png”").click()
    page.get_by_text("1 picture is back in the gallery.").wait_for()
    expect(thrown).to_have_count(2)
    page.get_by_role("checkbox", name="Select “navy.png”").check()
    page.get_by_role("button", name="Delete selected for good").click()
    page.get_by_role("heading", name="Delete 1 picture for good?").wait_for()
    if scripts:
        assert violations(page) == []
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("1 picture is deleted for good.").wait_for()
    page.get_by_role("button", name="Empty").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("Nothing was deleted in the last 30 days.").wait_for()
