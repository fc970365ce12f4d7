"""Pictures from servers with OpenAI's images API: what is asked, fetched and understood."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from PIL import Image

from chatsite.backend.catalogue import describe
from chatsite.backend.clients import Server
from chatsite.backend.errors import BackendError
from chatsite.backend.imaging import remote
from chatsite.backend.official import client_for
from chatsite.backend.types import ImageEvent, ImageMade, ImageProgress, ImageRequest, Usage
from tests.servers.pictures import small_picture
from tests.servers.upstream import Upstream

FOX = small_picture(1)


def asked(upstream: Upstream, model: str, timeout: float = 5.0, **wanted: Any) -> list[ImageEvent]:
    """The events of a request for pictures, with "a fox" as its prompt."""

    async def run() -> list[ImageEvent]:
        info = describe({"id": model}, backend="fake", prefix="", window=None)
        given = {"operation": "generation", "prompt": "a fox"} | wanted
        request = ImageRequest(model, **given)
        async with client_for(Server(upstream.url, "sk-upstream", timeout)) as client:
            return [event async for event in remote.draw(client, request, info, "Fake")]

    return async_to_sync(run)()


def sent(upstream: Upstream) -> list[dict[str, Any]]:
    """What arrived at the endpoints for pictures."""
    return [request.json for request in upstream.requests if "/images/" in request.path]


def made(events: list[ImageEvent]) -> list[ImageMade]:
    return [event for event in events if isinstance(event, ImageMade)]


def size_of(picture: ImageMade) -> tuple[int, int]:
    return Image.open(io.BytesIO(picture.data)).size


BASE64 = {"response_format": "b64_json"}


@pytest.mark.parametrize(
    ("model", "wanted", "body"),
    [
        ("dall-e-2", {"size": (256, 256)}, {"size": "256x256", **BASE64}),
        (
            "dall-e-3",
            {"size": (1792, 1024), "params": {"quality": "hd", "style": "natural", "user": "7"}},
            {"size": "1792x1024", "quality": "hd", "style": "natural", "user": "7", **BASE64},
        ),
        # Files are made of what comes here, in whatever format was asked for.
        (
            "gpt-image-1",
            {
                "params": {
                    "quality": "low", "background": "transparent", "moderation": "low",
                    "output_format": "webp", "output_compression": 40,
                }
            },
            {"quality": "low", "background": "transparent", "moderation": "low"},
        ),
        ("flux-schnell", {"params": {"background": "opaque"}}, BASE64),
    ],
)  # fmt: skip
def test_each_model_is_asked_for_what_it_knows(
    upstream: Upstream, model: str, wanted: Mapping[str, Any], body: Mapping[str, Any]
) -> None:
    [picture] = made(asked(upstream, model, **wanted))
    width, height = wanted.get("size", (1024, 1024))
    assert size_of(picture) == (width // 8, height // 8)
    assert sent(upstream) == [{"model": model, "prompt": "a fox", "n": 1, **body}]


def test_a_model_that_makes_one_at_a_time_is_asked_several_times(upstream: Upstream) -> None:
    pictures = made(asked(upstream, "dall-e-3", n=3, key="order", made=1))
    assert [picture.index for picture in pictures] == [0, 1, 2]
    assert [picture.revised_prompt for picture in pictures] == ["In great detail: a fox"] * 3
    assert len({picture.data for picture in pictures}) == 3
    keys = [request.headers["idempotency-key"] for request in upstream.requests]
    assert keys == ["order-1-1", "order-2-1", "order-3-1"]


def test_tokens_are_counted_once_for_a_reply(upstream: Upstream) -> None:
    pictures = made(asked(upstream, "gpt-image-1", n=2))
    assert [picture.usage for picture in pictures] == [Usage(11, 272), None]
    assert [body["n"] for body in sent(upstream)] == [2]


# The client calls variations deprecated, and dall-e-2 has nothing else.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_pictures_are_sent_along_as_files(upstream: Upstream) -> None:
    asked(upstream, "gpt-image-1", operation="edit", images=(FOX, FOX), params={"style": "vivid"})
    asked(upstream, "dall-e-2", operation="edit", images=(FOX,), mask=FOX)
    asked(upstream, "dall-e-2", operation="variation", prompt="", images=(FOX,), n=2)
    size = len(FOX)
    assert sent(upstream) == [
        {
            "model": "gpt-image-1", "prompt": "a fox", "n": "1",
            "image[]": [f"picture-0.png {size}", f"picture-1.png {size}"],
        },
        {
            "model": "dall-e-2", "prompt": "a fox", "n": "1", **BASE64,
            "image": f"picture-0.png {size}", "mask": f"mask.png {size}",
        },
        {"model": "dall-e-2", "n": "2", **BASE64, "image": f"picture-0.png {size}"},
    ]  # fmt: skip


def test_links_are_fetched_at_once_without_the_sites_key(upstream: Upstream) -> None:
    pictures = made(asked(upstream, "flux-link", n=2, size=(512, 256)))
    assert [size_of(picture) for picture in pictures] == [(64, 32)] * 2
    assert pictures[0].data != pictures[1].data
    assert len(upstream.links) == 2
    assert all("authorization" not in names for names in upstream.links)


def test_partial_pictures_are_shown_as_they_come(upstream: Upstream) -> None:
    events = asked(upstream, "gpt-image-1", params={"partial_images": 2})
    progress = [event for event in events if isinstance(event, ImageProgress)]
    assert [event.done for event in progress] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    assert all(event.preview.startswith(b"\x89PNG") for event in progress)
    assert [picture.usage for picture in made(events)] == [Usage(11, 272)]
    [body] = sent(upstream)
    assert (body["stream"], body["partial_images"]) == (True, 2)


STREAMED = {"params": {"partial_images": 2}}


@pytest.mark.parametrize(
    ("model", "wanted", "status", "code", "words"),
    [
        ("dall-e-3-status-400", {}, 400, None, "Fake: The fake provider was told to answer 400."),
        ("dall-e-3-status-401", {}, 502, "upstream_key_refused", "Fake refused the site's key."),
        ("flux-status-404", {}, 404, "model_not_found", "Fake: The fake provider was told"),
        ("flux-status-429", {}, 429, "rate_limit_exceeded", "Fake: The fake provider was told"),
        ("flux-status-500", {}, 502, "upstream_error", "Fake: The fake provider was told"),
        ("flux-status-503", {}, 503, "backend_unavailable", "Fake: The fake provider was told"),
        ("flux-drop-0", {}, 503, "backend_unavailable", "Fake cannot be reached."),
        ("flux-stall-0", {}, 504, "upstream_timeout", "Fake did not answer in time."),
        ("flux-garble-0", {}, 502, "upstream_error", "The picture arrived damaged."),
        ("flux-few", {"n": 2}, 502, "upstream_error", "Fake made 1 of 2 pictures."),
        (
            "flux-expired", {}, 502, "upstream_error",
            "Fake has a picture and answers 403 for it.",
        ),
        ("gpt-image-1-error-1", STREAMED, 502, "upstream_error", "Fake failed: The model crashed."),
        ("gpt-image-1-drop-1", STREAMED, 503, "backend_unavailable", "Fake cannot be reached."),
        ("gpt-image-1-garble-1", STREAMED, 502, "upstream_error", "Fake sent a damaged answer."),
        ("gpt-image-1-stall-1", STREAMED, 504, "upstream_timeout", "Fake did not answer in time."),
    ],
)  # fmt: skip
def test_what_goes_wrong_there_is_said_in_words(
    upstream: Upstream, model: str, wanted: Any, status: int, code: str | None, words: str
) -> None:
    with pytest.raises(BackendError) as failed:
        asked(upstream, model, timeout=0.5 if "stall" in model else 5.0, **wanted)
    error = failed.value
    assert (error.status, error.code) == (status, code)
    assert error.message.startswith(words)
