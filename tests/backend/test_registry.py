"""The registry over real servers, one of which says nothing at all."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from chatsite.backend.errors import ModelNotFound
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.registry import Registry
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def backend(name: str, url: str) -> OpenAIBackend:
    return OpenAIBackend(
        name=name, label=name.title(), base_url=url, api_key="k", prefix=f"{name}/", timeout=1.0
    )


def run(registry: Registry, scene: Callable[[Registry], Coroutine[Any, Any, Any]]) -> Any:
    async def whole() -> Any:
        try:
            return await scene(registry)
        finally:
            await registry.aclose()

    return asyncio.run(whole())


def test_a_silent_server_holds_up_nobody_for_long(upstream: Upstream, silent: str) -> None:
    registry = Registry([backend("silent", silent), backend("fake", upstream.url)], None)

    async def scene(registry: Registry) -> None:
        begun = time.monotonic()
        first = await registry.statuses()
        assert time.monotonic() - begun < 3
        assert [status.up for status in first] == [False, True]
        assert first[0].error == "Silent has not answered yet."
        begun = time.monotonic()
        assert (await registry.resolve("fake/echo")).model.upstream_id == "echo"
        assert time.monotonic() - begun < 0.5

    run(registry, scene)


def test_a_model_that_is_not_there_is_told_with_what_is_down(upstream: Upstream) -> None:
    registry = Registry(
        [backend("gone", "http://127.0.0.1:9/v1"), backend("fake", upstream.url)], None
    )
    with pytest.raises(ModelNotFound) as caught:
        run(registry, lambda registry: registry.resolve("fake/nothing"))
    assert caught.value.message == (
        "The model 'fake/nothing' does not exist or is not served here. Gone cannot be reached."
    )


def test_a_model_that_came_meanwhile_is_found(upstream: Upstream) -> None:
    registry = Registry([backend("fake", upstream.url)], None)

    async def scene(registry: Registry) -> str:
        await registry.statuses()
        upstream.models = ("newcomer",)
        return (await registry.resolve("fake/newcomer")).model.id

    assert run(registry, scene) == "fake/newcomer"


def test_lists_are_asked_for_once(upstream: Upstream) -> None:
    registry = Registry([backend("fake", upstream.url)], None)

    async def scene(registry: Registry) -> None:
        await asyncio.gather(*(registry.statuses() for _ in range(5)))
        await registry.models()

    run(registry, scene)
    assert len(upstream.requests) == 1


def test_of_equal_names_the_first_backend_has_it(upstream: Upstream) -> None:
    first, second = backend("one", upstream.url), backend("two", upstream.url)
    first.prefix = second.prefix = ""
    resolved = run(Registry([first, second], None), lambda registry: registry.resolve("echo"))
    assert resolved.backend is first


@pytest.mark.parametrize(
    ("wished", "chosen"), [("fake/tool", "fake/tool"), ("nobody/knows", "fake/markdown")]
)
def test_the_default_is_the_wish_then_the_sites(
    upstream: Upstream, wished: str, chosen: str
) -> None:
    registry = Registry([backend("fake", upstream.url)], None, "fake/markdown")
    assert run(registry, lambda registry: registry.default_model(wished)) == chosen


def test_without_any_model_there_is_no_default(upstream: Upstream) -> None:
    upstream.listing = Answer(status=500)
    registry = Registry([backend("fake", upstream.url)], None)
    assert run(registry, lambda registry: registry.default_model("x")) == ""
