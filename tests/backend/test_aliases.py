"""Aliases in the registry: what stands behind a name, on trial, gone, and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chatsite.backend.errors import InvalidRequest, ModelNotFound
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.registry import Registry
from chatsite.backend.types import Alias
from tests.servers.upstream import Upstream

BEST = Alias("best:latest", "fake/tool")
ON_TRIAL = replace(BEST, candidate="fake/echo", share=0.3, trial="a trial")


class Names:
    """An alias, and owners of models, that a test changes as it goes."""

    def __init__(self, alias: Alias) -> None:
        self.alias = alias
        self.owners: dict[str, str] = {}
        self.forgotten = 0

    async def current(self) -> Mapping[str, Alias]:
        return {self.alias.name: self.alias}

    async def withheld(self) -> Mapping[str, str]:
        return self.owners

    def forget(self) -> None:
        self.forgotten += 1


def run(
    upstream: Upstream, alias: Alias, scene: Callable[[Registry, Names], Coroutine[Any, Any, Any]]
) -> Any:
    names = Names(alias)
    backend = OpenAIBackend(
        name="fake", label="Fake", base_url=upstream.url, api_key="k", prefix="fake/", timeout=1.0
    )
    registry = Registry([backend], None, alias.name, names)

    async def whole() -> Any:
        try:
            return await scene(registry, names)
        finally:
            await registry.aclose()

    return asyncio.run(whole())


def test_an_alias_is_served_by_what_it_stands_for(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        resolved = await registry.resolve("best:latest")
        assert (resolved.model.id, resolved.alias, resolved.stands_for) == (
            "fake/tool", "best:latest", "fake/tool",
        )  # fmt: skip
        assert resolved.names == ("best:latest", "fake/tool")
        plain = await registry.resolve("fake/tool")
        assert (plain.model, plain.alias, plain.names) == (resolved.model, "", ("fake/tool",))
        names.alias = Alias("best:latest", "fake/markdown", ("fake/tool",))
        assert (await registry.resolve("best:latest")).model.id == "fake/markdown"

    run(upstream, BEST, scene)


def test_an_alias_is_listed_first_and_is_the_default(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        first, *others = await registry.models()
        [tool] = [model for model in others if model.id == "fake/tool"]
        words = "Best (latest), now fake/tool"
        assert first == replace(tool, id="best:latest", description=words, alias_of="fake/tool")
        assert [model for model in others if model.alias_of] == []
        assert await registry.default_model() == "best:latest"
        assert await registry.default_model("fake/echo") == "fake/echo"
        assert first not in await registry.models(can="embeddings")

    run(upstream, BEST, scene)


def test_an_alias_comes_before_a_model_of_the_same_name(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        assert (await registry.resolve("fake/echo")).model.id == "fake/tool"
        ids = [model.id for model in await registry.models()]
        assert ids.count("fake/echo") == 1

    run(upstream, Alias("fake/echo", "fake/tool"), scene)


def test_a_trial_serves_its_share_of_conversations_always_alike(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        async def served() -> list[str]:
            return [
                (await registry.resolve("best:latest", draw=f"c{n}")).model.id for n in range(1000)
            ]

        first = await served()
        assert set(first) == {"fake/tool", "fake/echo"}
        assert 250 <= first.count("fake/echo") <= 350
        assert await served() == first
        names.alias = replace(ON_TRIAL, trial="another trial")
        other = await served()
        # Whoever was drawn in one trial is not the one who is drawn in all.
        assert other != first
        assert 250 <= other.count("fake/echo") <= 350
        names.alias = replace(ON_TRIAL, share=1.0)
        assert set(await served()) == {"fake/echo"}

    run(upstream, ON_TRIAL, scene)


def test_who_grows_the_share_takes_nobody_off_the_candidate() -> None:
    drawn = [
        {n for n in range(1000) if replace(ON_TRIAL, share=share).draws_candidate(f"c{n}")}
        for share in (0.1, 0.3, 0.6)
    ]
    assert drawn[0] < drawn[1] < drawn[2]


def test_without_a_conversation_nobody_is_on_trial_and_no_list_tells_of_it(
    upstream: Upstream,
) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        resolved = await registry.resolve("best:latest")
        assert (resolved.model.id, resolved.names) == ("fake/tool", ("best:latest", "fake/tool"))
        [alias] = [model for model in await registry.models() if model.alias_of]
        assert (alias.alias_of, alias.description) == ("fake/tool", "Best (latest)")
        # A key is asked about what the alias stands for, whoever serves.
        drawn = await registry.resolve("best:latest", draw="anybody")
        assert (drawn.model.id, drawn.names) == ("fake/echo", ("best:latest", "fake/tool"))

    run(upstream, replace(ON_TRIAL, share=1.0), scene)


def test_a_candidate_that_is_gone_serves_nobody(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> str:
        return (await registry.resolve("best:latest", draw="anybody")).model.id

    gone = replace(ON_TRIAL, candidate="fake/gone", share=1.0)
    assert run(upstream, gone, scene) == "fake/tool"


def test_where_the_model_is_gone_the_last_one_before_it_serves(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        resolved = await registry.resolve("best:latest")
        assert (resolved.model.id, resolved.stands_for) == ("fake/echo", "fake/echo")
        assert (await registry.models())[0].alias_of == "fake/echo"
        asked = len(upstream.requests)
        await registry.resolve("best:latest")
        assert len(upstream.requests) == asked  # that it is gone is believed for a while
        upstream.models = ("newest", "echo")
        registry.forget_aliases()
        assert names.forgotten == 1
        assert (await registry.resolve("best:latest")).model.id == "fake/newest"

    run(upstream, Alias("best:latest", "fake/newest", ("fake/older", "fake/echo")), scene)


def test_where_nothing_is_left_the_alias_is_not_offered(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        assert [model for model in await registry.models() if model.alias_of] == []
        with pytest.raises(ModelNotFound, match="The model 'fake/gone' does not exist"):
            await registry.resolve("best:latest")

    run(upstream, Alias("best:latest", "fake/gone"), scene)


def test_what_the_model_cannot_do_is_told_by_the_alias_s_name(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        with pytest.raises(InvalidRequest, match="The model 'best:latest' chats and has no emb"):
            await registry.resolve("best:latest", can="embeddings")

    run(upstream, BEST, scene)


def test_what_is_withheld_is_there_for_its_owner_alone(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        names.owners = {"fake/echo": "7", "fake/markdown": ""}
        everything = {model.id for model in await registry.models()}
        hidden: dict[str | None, set[str]] = {
            None: set(),
            "7": {"fake/markdown"},
            "8": {"fake/echo", "fake/markdown"},
        }
        for asker, theirs in hidden.items():
            assert everything - {m.id for m in await registry.models(asker=asker)} == theirs
            [status] = await registry.statuses(asker=asker)
            assert {model.id for model in status.models} & hidden["8"] == hidden["8"] - theirs
            for model in hidden["8"] - theirs:
                assert (await registry.resolve(model, asker=asker)).model.id == model
            assert await registry.default_model("fake/echo", asker=asker) == (
                "best:latest" if "fake/echo" in theirs else "fake/echo"
            )

    run(upstream, BEST, scene)


def test_it_is_refused_as_what_is_not_there_checkpoints_too(upstream: Upstream) -> None:
    async def refusal(registry: Registry, model: str) -> tuple[str, str | None, str | None]:
        with pytest.raises(ModelNotFound) as refused:
            await registry.resolve(model, asker="8")
        words = refused.value.message.replace(model, "MODEL")
        return words, refused.value.param, refused.value.code

    async def scene(registry: Registry, names: Names) -> None:
        names.owners = {"fake/echo": "7"}
        unknown = await refusal(registry, "fake/unknown")
        assert await refusal(registry, "fake/echo") == unknown
        assert await refusal(registry, "fake/echo:ckpt-step-4") == unknown
        assert await registry.withholds("fake/echo:ckpt-step-4", "8")
        assert not await registry.withholds("fake/echo:ckpt-step-4", "7")
        assert not await registry.withholds("fake/echoes", "8")

    run(upstream, BEST, scene)


def test_an_alias_lets_everybody_at_what_stands_behind_it(upstream: Upstream) -> None:
    async def scene(registry: Registry, names: Names) -> None:
        names.owners = {"fake/tool": "", "fake/echo": ""}
        for draw in ("", "a conversation"):
            resolved = await registry.resolve("best:latest", draw=draw, asker="8")
            assert resolved.stands_for == "fake/tool"
        listed = [model.id for model in await registry.models(asker="8")]
        assert listed[0] == "best:latest"
        assert "fake/tool" not in listed

    run(upstream, ON_TRIAL, scene)
