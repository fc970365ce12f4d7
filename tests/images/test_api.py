"""Pictures under /v1 through the official client, made by models of a provider."""

from __future__ import annotations

import io
from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from django.conf import LazySettings
from django.test import Client
from PIL import Image

from accounts.models import UsageRecord
from accounts.types import IssuedKey
from chatsite.backend.registry import get_registry
from images.models import Drawing, Picture
from tests.gateway import with_client
from tests.servers.pictures import small_picture
from tests.servers.upstream import Upstream

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The client calls variations deprecated, and dall-e-2 has nothing else.
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def provider(fake_models: Upstream, settings: LazySettings, worker: None) -> Upstream:
    """The fake provider's models of pictures under their own names."""
    fake_models.models = (
        "dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-error-1", "gpt-image-1-slow-12",
        "gpt-image-1-red", "dall-e-3-status-429", "flux-link", "flux-expired", "flux-text",
        "flux-red",
    )  # fmt: skip
    get_registry.cache_clear()
    return fake_models


def call(key: IssuedKey, way: str, **wanted: Any) -> Any:
    """`client.images.WAY(...)` by the official client, its answer or its error."""

    async def scene(client: openai.AsyncOpenAI) -> Any:
        try:
            return await getattr(client.images, way)(**wanted)
        except openai.APIStatusError as error:
            return error

    return with_client(key.secret, scene)


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(text)))


def sent(provider: Upstream) -> list[dict[str, Any]]:
    return [each.json for each in provider.requests if "/images/" in each.path]


@pytest.mark.parametrize(
    ("wanted", "size", "revised"),
    [
        ({"model": "fake/dall-e-2", "size": "256x256", "n": 2}, (32, 32), None),
        (
            {"model": "fake/dall-e-3", "size": "1024x1792", "quality": "hd", "style": "natural"},
            (128, 224),
            "In great detail: a fox",
        ),
        ({"model": "fake/flux-link"}, (128, 128), None),
    ],
)
def test_a_reply_has_links_to_what_was_fetched_and_stored(
    key: IssuedKey, provider: Upstream, wanted: dict[str, Any], size: tuple[int, int],
    revised: str | None,
) -> None:  # fmt: skip
    reply = call(key, "generate", prompt="a fox", **wanted)
    count = wanted.get("n", 1)
    assert [each.revised_prompt for each in reply.data] == [revised] * count
    assert [each.b64_json for each in reply.data] == [None] * count
    for each in reply.data:
        address = urlsplit(each.url)
        assert address.hostname == "localhost"
        served = Client().get(address.path)
        assert Image.open(io.BytesIO(served.content)).size == size
    rows = UsageRecord.objects.values_list("operation", "model", "images")
    assert list(rows) == [("image.generation", wanted["model"], 1)] * count


def test_gpt_image_answers_in_base64_in_the_format_asked_for(
    key: IssuedKey, provider: Upstream
) -> None:
    reply = call(
        key, "generate", model="fake/gpt-image-1", prompt="a fox", size="1536x1024",
        quality="low", background="opaque", output_format="webp", output_compression=30,
        moderation="low", user="7",
    )  # fmt: skip
    [picture] = reply.data
    image = opened(picture.b64_json)
    assert (image.format, image.size, picture.url) == ("WEBP", (192, 128), None)
    assert sent(provider) == [
        {
            "model": "gpt-image-1", "prompt": "a fox", "n": 1, "size": "1536x1024",
            "quality": "low", "background": "opaque", "moderation": "low", "user": "7",
        }
    ]  # fmt: skip
    kept = Picture.objects.get()
    assert (kept.extension, kept.params["output_compression"]) == ("webp", 30)


def test_a_stream_has_the_partial_pictures_and_then_the_whole_one(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> list[Any]:
        stream = await client.images.generate(
            model="fake/gpt-image-1-slow-12", prompt="a fox", stream=True, partial_images=2
        )
        return [event async for event in stream]

    events = with_client(key.secret, scene)
    assert [(event.type, getattr(event, "partial_image_index", None)) for event in events] == [
        ("image_generation.partial_image", 0),
        ("image_generation.partial_image", 1),
        ("image_generation.completed", None),
    ]
    assert all(opened(event.b64_json).size == (128, 128) for event in events)
    row = UsageRecord.objects.get()
    assert (row.prompt_tokens, row.completion_tokens, row.images) == (11, 272, 1)
    assert events[-1].usage.output_tokens == 272


def test_a_stream_that_breaks_says_so_and_costs_nothing(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> str:
        stream = await client.images.generate(
            model="fake/gpt-image-1-error-1", prompt="a fox", stream=True, partial_images=2
        )
        with pytest.raises(openai.APIError) as failed:
            async for _ in stream:
                pass
        return failed.value.message

    assert with_client(key.secret, scene) == "Fake failed: The model crashed."
    assert not UsageRecord.objects.exists()


def test_pictures_are_changed_and_varied(key: IssuedKey, provider: Upstream) -> None:
    photo = ("x/../../photo.png", small_picture(), "image/png")
    several = call(key, "edit", model="fake/gpt-image-1", image=[photo, photo], prompt="a hat")
    assert opened(several.data[0].b64_json).format == "PNG"
    masked = call(
        key, "edit", model="fake/dall-e-2", image=photo, mask=photo, prompt="a hat", n=2,
        response_format="b64_json",
    )  # fmt: skip
    varied = call(
        key, "create_variation", model="fake/dall-e-2", image=photo, response_format="b64_json"
    )
    assert (len(masked.data), len(varied.data)) == (2, 1)
    first, second, third = sent(provider)
    assert [part.split()[0] for part in first["image[]"]] == ["picture-0.png", "picture-1.png"]
    assert (second["mask"].split()[0], second["n"]) == ("mask.png", "2")
    assert set(third) == {"model", "n", "image", "response_format"}


@pytest.mark.parametrize(
    ("way", "wanted", "status", "kind", "code", "param"),
    [
        ("generate", {"model": "fake/dall-e-3", "size": "512x512"}, 400, "invalid_request_error",
         "invalid_value", "size"),
        ("generate", {"model": "fake/dall-e-3", "quality": "low"}, 400, "invalid_request_error",
         "invalid_value", "quality"),
        ("generate", {"model": "fake/dall-e-2", "prompt": "x" * 1001}, 400,
         "invalid_request_error", "string_above_max_length", "prompt"),
        ("generate", {"model": "fake/dall-e-4"}, 404, "invalid_request_error",
         "model_not_found", "model"),
        ("generate", {"model": "fake/dall-e-3", "extra_body": {"steps": 4}}, 400,
         "invalid_request_error", "unsupported_parameter", "steps"),
        ("generate", {"model": "fake/dall-e-3", "background": "transparent"}, 400,
         "invalid_request_error", "invalid_value", "background"),
        ("generate", {"model": "fake/gpt-image-1", "background": "transparent",
                      "output_format": "jpeg"}, 400,
         "invalid_request_error", "invalid_value", "background"),
        ("edit", {"model": "fake/dall-e-3", "image": small_picture()}, 400,
         "invalid_request_error", "model_not_supported", "model"),
        ("edit", {"model": "fake/dall-e-2", "image": b"<svg onload='x'/>"}, 400,
         "invalid_request_error", "invalid_image", "image"),
        ("generate", {"model": "fake/dall-e-3-status-429"}, 429, "requests",
         "rate_limit_exceeded", None),
        ("generate", {"model": "fake/flux-expired"}, 502, "server_error", "upstream_error", None),
        ("generate", {"model": "fake/flux-text"}, 502, "server_error", "upstream_error", None),
    ],
)  # fmt: skip
def test_errors_have_their_status_type_code_and_parameter(
    key: IssuedKey, way: str, wanted: dict[str, Any], status: int, kind: str, code: str,
    param: str | None,
) -> None:  # fmt: skip
    error = call(key, way, **{"prompt": "a fox"} | wanted)
    assert isinstance(error, openai.APIStatusError)
    assert (error.status_code, error.type, error.code, error.param) == (status, kind, code, param)
    assert not Picture.objects.exists()
    assert not UsageRecord.objects.filter(images__gt=0).exists()


@pytest.mark.parametrize(
    ("way", "fields", "code", "message", "param"),
    [
        ("edits", {}, "missing_required_parameter", "Missing required parameter: 'prompt'.",
         "prompt"),
        ("edits", {"prompt": ""}, "empty_string", "Invalid value for 'prompt': ", "prompt"),
        ("edits", {"prompt": "a hat", "n": "11"}, "integer_above_max_value",
         "Invalid value for 'n': ", "n"),
        ("edits", {"prompt": "a hat", "quality": "best"}, None, "Invalid value for 'quality': ",
         "quality"),
        ("variations", {"n": "many"}, "invalid_type", "Invalid value for 'n': ", "n"),
        ("variations", {"mood": "sad"}, "unknown_parameter", "Unknown parameter: 'mood'.", "mood"),
    ],
)  # fmt: skip
def test_a_form_is_refused_by_the_names_of_its_fields(
    key: IssuedKey, way: str, fields: dict[str, str], code: str | None, message: str, param: str
) -> None:
    reply = Client().post(
        f"/v1/images/{way}",
        {"image": io.BytesIO(small_picture()), **fields},
        headers={"authorization": f"Bearer {key.secret}"},
    )
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, param)
    assert error["message"].startswith(message)
    assert code in (None, error["code"])


def test_what_a_seeing_moderator_blocks_is_neither_shown_nor_charged(
    key: IssuedKey, settings: LazySettings
) -> None:
    settings.MODERATION = "fake"
    get_registry.cache_clear()
    assert len(call(key, "generate", model="fake/flux-link", prompt="a fox").data) == 1
    spent = UsageRecord.objects.count()
    for model, more in (("flux-red", {}), ("gpt-image-1-red", {"partial_images": 2})):
        error = call(key, "generate", model=f"fake/{model}", prompt="a fox", **more)
        assert (error.status_code, error.code) == (400, "content_policy_violation")
    blocked = Drawing.objects.order_by("created_at").last()
    assert blocked is not None
    assert (blocked.state, blocked.previews) == ("failed", 0)
    assert (Picture.objects.count(), UsageRecord.objects.count()) == (1, spent)


def test_a_link_expires(
    key: IssuedKey, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = call(key, "generate", model="fake/dall-e-2", prompt="a fox", size="256x256")
    path = urlsplit(reply.data[0].url).path
    assert Client().get(path).status_code == 200
    settings.PICTURE_LINK_MINUTES = 0
    assert Client().get(path).status_code == 404
