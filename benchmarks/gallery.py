"""The gallery of somebody with 25,000 pictures: the server's time for a page, and scrolling.

`python -m benchmarks.gallery` fills a site of its own, asks for pages of all kinds, and scrolls
through ten of them in headless Chromium, where tasks that hold the page up for more than 50 ms
are counted (`longtask` of the Performance API).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.site import EMAIL, PASSWORD, ROOT, Site, running_site
from tests.servers.upstream import Upstream

PICTURES, SEEN = 25_000, 700
"""Rows in all, and those of the newest that have their small files."""
PAGES = {
    "the page": "/pictures/",
    "the page, a board": "/pictures/?board={board}",
    "the page, starred": "/pictures/?starred=1",
    "the page, two words": "/pictures/?q=fox+lake",
    "the page, words of none": "/pictures/?q=nothing+fits",
    "next ones": "/pictures/?before={cursor}",
    "next ones after 20,000": "/pictures/?before={deep}",
}
OBSERVER = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push(task.duration);
}).observe({ type: "longtask", buffered: false });
"""


def fill() -> None:
    """Give the site's only account its pictures; runs in a process with the site's settings."""
    import django

    django.setup()
    from django.core.files.storage import default_storage
    from django.utils import timezone
    from PIL import Image

    from accounts.models import User
    from chatsite.backend.imaging import files
    from images import indexing, storing
    from images.models import Board, Operation, Picture

    owner = User.objects.get(email=EMAIL)
    boards = Board.objects.bulk_create(
        Board(owner=owner, name=name) for name in ("Animals", "Seas", "Cities", "Drafts")
    )
    rng = random.Random(7)
    small = files.thumbnails(Image.effect_noise((640, 640), 60).convert("RGB"))
    now = timezone.now()
    words = ("fox", "lake", "castle", "harbour", "forest", "robot", "moon", "market", "garden")
    sizes = ((1024, 1024), (1024, 1536), (1536, 1024))
    pictures: list[Picture] = []
    for number in range(PICTURES):
        prompt = f"a {rng.choice(words)} beside a {rng.choice(words)} in the evening, {number}"
        width, height = rng.choice(sizes)
        pictures.append(
            Picture(
                owner=owner,
                operation=Operation.GENERATION,
                board=rng.choice((None, None, *boards)),
                prompt=prompt,
                revised_prompt=f"A watercolour of {prompt}, with the last light on the water.",
                model=rng.choice(("illustrator", "gpt-image-1", "dall-e-3")),
                scene={"subjects": [{"id": n, "kind": "fox", "at": [0.1, 0.2, 0]} for n in "abc"]},
                width=width,
                height=height,
                extension="png",
                bytes=1_200_000,
                sha256=f"{number:064}",
                placeholder=small.placeholder,
                starred=rng.random() < 0.05,
                parent=rng.choice(pictures) if pictures and rng.random() < 0.3 else None,
                created_at=now - timedelta(minutes=13 * number),
            )
        )
    Picture.objects.bulk_create(pictures, batch_size=500)
    while indexing.index_new():  # as the worker does
        pass
    for side, content in zip(files.THUMBNAILS, small.files, strict=True):
        first = storing.thumbnail(pictures[0].pk, side)
        storing.write(first, content)
        for picture in pictures[1:SEEN]:
            place = Path(default_storage.path(storing.thumbnail(picture.pk, side)))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.hardlink_to(default_storage.path(first))
    last, deep = pictures[47], pictures[20_000]
    cursors = [f"{each.created_at.isoformat()}_{each.pk}" for each in (last, deep)]
    print(boards[0].pk, *cursors)


async def measure(site: Site, places: dict[str, str], rounds: int) -> dict[str, str]:
    """Milliseconds of the clock (median, p95) and of the web process's CPU, for each page."""
    figures: dict[str, str] = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await site.sign_in(session)
        for name, path in PAGES.items():
            headers = {"HX-Request": "true"} if "before" in path else {}
            url = site.url + path.format(**places).replace("+00:00", "%2B00:00")
            taken, cpu = [], 0.0
            for number in range(rounds + 3):
                before, since = site.cpu_ms(), time.perf_counter()
                async with session.get(url, headers=headers) as response:
                    assert response.status == 200, response.status
                    await response.read()
                if number >= 3:
                    taken.append(1000 * (time.perf_counter() - since))
                    cpu += site.cpu_ms() - before
            taken.sort()
            p95 = taken[int(0.95 * len(taken))]
            figures[name] = f"{statistics.median(taken):.0f} | {p95:.0f} | {cpu / rounds:.0f}"
    return figures


@dataclass(frozen=True, slots=True)
class Scrolled:
    """Pictures seen, and the tasks meanwhile in milliseconds.

    `long` are those that the page itself calls long, by the clock; `heaviest` are the largest by
    the time that their thread had on a processor, which a busy machine does not stretch.
    """

    seen: int
    long: list[int]
    heaviest: list[int]


def scroll(site: Site, pages: int) -> Scrolled:
    """Scroll in steps of a mouse wheel until so many pages have been fetched."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(base_url=site.url, viewport={"width": 1280, "height": 860})
        page.goto("/accounts/login/")
        page.fill("[name=login]", EMAIL)
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit], form button[type=submit]")
        page.wait_for_load_state("networkidle")
        page.add_init_script(OBSERVER)
        page.goto("/pictures/")
        page.wait_for_load_state("networkidle")
        page.evaluate("window.longTasks.splice(0)")
        browser.start_tracing(page=page, categories=["toplevel", "disabled-by-default-devtools"])
        tiles = page.locator("#grid .tile")
        deadline = time.monotonic() + 180
        while tiles.count() < 48 * pages and time.monotonic() < deadline:
            page.mouse.wheel(0, 400)
            page.wait_for_timeout(60)
        page.wait_for_timeout(1000)
        seen = tiles.count()
        long = [round(task) for task in page.evaluate("window.longTasks")]
        heaviest = _heaviest(json.loads(browser.stop_tracing()))
        browser.close()
    return Scrolled(seen, long, heaviest)


def _heaviest(trace: dict[str, list[dict[str, Any]]]) -> list[int]:
    events = trace["traceEvents"]
    threads = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    taken = sorted(
        each.get("tdur", 0) / 1000
        for each in events
        if each.get("ph") == "X" and (each["pid"], each["tid"]) in threads
    )
    return [round(each) for each in taken[:-6:-1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        fill()
        return
    with Upstream() as upstream, running_site(upstream.url) as site:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "chatsite.settings",
            "CHATSITE_DATA_DIR": str(site.data),
        }
        printed = subprocess.run(
            [sys.executable, "-m", "benchmarks.gallery", "--fill"],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        places = dict(zip(("board", "cursor", "deep"), printed.split(), strict=True))
        print("| page of 48 | median ms | p95 ms | CPU ms |\n| --- | --: | --: | --: |")
        for name, figures in asyncio.run(measure(site, places, options.rounds)).items():
            print(f"| {name} | {figures} |")
        scrolled = scroll(site, 10)
        print(f"{scrolled.seen} pictures scrolled through: long tasks {scrolled.long} ms")
        print(f"the heaviest tasks by processor time: {scrolled.heaviest} ms")


if __name__ == "__main__":
    main()
