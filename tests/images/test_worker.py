"""Pictures of the real site, whose worker dies in the middle of them."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2
import openai
import pytest
from PIL import Image

from tests.servers.site import Site
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.timeout(180)

MODEL = "dall-e-3-slow-40"  # two seconds for each picture, one at a time


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_after_kill_9_of_the_worker_each_picture_is_made_once_and_charged_once(
    site: Site, upstream: Upstream
) -> None:
    upstream.models = (MODEL,)
    secret = site.person("alice").api_key

    def draw() -> list[str]:
        with openai.OpenAI(api_key=secret, base_url=f"{site.url}/v1", max_retries=0) as client:
            made = client.images.generate(model=f"fake/{MODEL}", prompt="a fox", n=2)
            return [str(picture.url) for picture in made.data or ()]

    with ThreadPoolExecutor(1) as aside:
        asked = aside.submit(draw)
        wait_until(lambda: sum("/images/" in each.path for each in upstream.requests) == 2)
        site.kill("worker")
        links = asked.result(120)
    sizes = [Image.open(io.BytesIO(httpx2.get(link).content)).size for link in links]
    assert sizes == [(128, 128)] * 2
    keys = [
        each.headers["idempotency-key"] for each in upstream.requests if each.path != "/v1/models"
    ]
    first, second, again = keys
    assert again == second != first
    with closing(sqlite3.connect(site.folder / "data" / "db.sqlite3")) as database:
        charged = database.execute(
            "SELECT status, images FROM accounts_usagerecord WHERE model = ?", [f"fake/{MODEL}"]
        ).fetchall()
        drawn = database.execute(
            "SELECT attempt, state FROM images_drawing WHERE model = ?", [f"fake/{MODEL}"]
        ).fetchall()
    assert (charged, drawn) == ([("finished", 1)] * 2, [(2, "done")])
