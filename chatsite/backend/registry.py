"""From a model's public id to the backend that serves it. The one reader of settings here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from chatsite.backend.base import AliasSource, Backend, ChatBackend, ImageBackend, Moderator
from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.engine import CHECKPOINT_MARK, LATEST_ID
from chatsite.backend.errors import BackendError, InvalidRequest, ModelNotFound
from chatsite.backend.imaging.diffusing import DiffusersBackend
from chatsite.backend.imaging.illustrating import IllustratorBackend
from chatsite.backend.moderation import RuleModerator, UpstreamModerator
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.types import Alias, BackendStatus, Capability, ModelInfo

FRESH_ERROR = 5.0
"""Seconds for which the news is believed that a backend is down, or the model of an alias gone."""
LIST_TIMEOUT = 6.0
PATIENCE = 1.5
"""Seconds for which a page waits for a backend that has never told its models."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model together with the backend that serves it.

    Where it was asked for by an alias, `alias` is that, and `stands_for` the model that the alias
    stands for, which is another one than serves while a candidate is on trial.
    """

    backend: ChatBackend
    model: ModelInfo
    alias: str = ""
    stands_for: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of which a key must be allowed one."""
        return (self.alias, self.stands_for) if self.alias else (self.model.id,)


@dataclass(frozen=True, slots=True)
class ResolvedImages:
    """A model that makes pictures, together with the backend that serves it."""

    backend: ImageBackend
    model: ModelInfo


class Registry:
    """The site's backends, in the order in which equal model ids are settled.

    An alias is looked for before any model. Models that are withheld are not there for an `asker`
    who is somebody else; without one, for the site itself and for administrators, all are there.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        moderator: Moderator | None,
        default_model: str = "",
        aliases: AliasSource | None = None,
    ) -> None:
        self.backends = tuple(backends)
        self.moderator = moderator
        self._default_model = default_model
        self._aliases = aliases
        self._missing: dict[str, float] = {}
        self._listed: dict[str, tuple[float, BackendStatus]] = {}
        self._asking: dict[str, asyncio.Task[BackendStatus]] = {}

    async def statuses(
        self,
        *,
        fresh: bool = False,
        can: Capability | None = None,
        asker: str | None = None,
    ) -> tuple[BackendStatus, ...]:
        """Every backend with its models, or with the error that keeps it from telling them.

        With `can`, models without that capability are left out, and those withheld from `asker`.
        What is known is given at once, and renewed behind the scenes when it is old; `fresh` asks
        now. A backend is asked once at a time, and none is waited for longer than the others.
        """
        found = await asyncio.gather(*(self._status(b, fresh=fresh) for b in self.backends))
        hidden = await self._withheld(asker)
        if can is None and not hidden:
            return tuple(found)
        return tuple(replace(status, models=_shown(status.models, can, hidden)) for status in found)

    async def withheld(self) -> frozenset[str]:
        """The ids of the models that are not there for everybody."""
        return frozenset(await self._aliases.withheld() if self._aliases is not None else ())

    async def withholds(self, model_id: str, asker: str | None) -> bool:
        """Whether there is a model of that id, or may be one, that the asker is not to know of."""
        if asker is None or self._aliases is None:
            return False
        owner = (await self._aliases.withheld()).get(_made_of(model_id))
        return owner is not None and owner != asker

    async def _withheld(self, asker: str | None) -> Mapping[str, str]:
        """Models that are not there for the asker."""
        if asker is None or self._aliases is None:
            return {}
        withheld = await self._aliases.withheld()
        return {model: owner for model, owner in withheld.items() if owner != asker}

    async def _status(self, backend: Backend, *, fresh: bool) -> BackendStatus:
        believed_until, known = self._listed.get(backend.name, (0.0, None))
        if known is not None and time.monotonic() < believed_until and not (fresh and known.up):
            return known
        asking = self._being_asked(backend)
        if known is not None and known.up and not fresh and backend.freshness >= PATIENCE:
            return known
        done, _ = await asyncio.wait([asking], timeout=PATIENCE)
        if done:
            return asking.result()
        silent = f"{backend.label} has not answered yet."
        return known or BackendStatus(backend.name, backend.label, (), silent)

    def _being_asked(self, backend: Backend) -> asyncio.Task[BackendStatus]:
        asking = self._asking.get(backend.name)
        if asking is None or asking.done() or asking.get_loop() is not asyncio.get_running_loop():
            asking = self._asking[backend.name] = asyncio.create_task(self._ask(backend))
        return asking

    async def _ask(self, backend: Backend) -> BackendStatus:
        try:
            async with asyncio.timeout(LIST_TIMEOUT):
                status = BackendStatus(backend.name, backend.label, await backend.models())
        except BackendError as error:
            status = BackendStatus(backend.name, backend.label, (), error.message)
        except TimeoutError:
            status = BackendStatus(
                backend.name, backend.label, (), f"{backend.label} did not answer in time."
            )
        believed = backend.freshness if status.up else FRESH_ERROR
        self._listed[backend.name] = (time.monotonic() + believed, status)
        return status

    async def resolve(
        self,
        model_id: str,
        *,
        can: Capability = "chat",
        draw: str = "",
        pictures: bool = False,
        asker: str | None = None,
    ) -> Resolved:
        """The model of that id or behind that alias; an unknown one is looked for afresh.

        `draw` says who asks, for example a conversation: while a candidate of the alias is on
        trial it decides, always alike, which model serves. Without it the candidate never does, nor
        where it is to look at `pictures` and does not see.
        Raises ModelNotFound, InvalidRequest where its file is broken or it has not the capability.
        """
        alias = (await self._known_aliases()).get(model_id)
        if alias is None:
            if await self.withholds(model_id, asker):
                raise _not_found(model_id, await self.statuses())
            backend, model = await self._able(model_id, can)
            return Resolved(cast("ChatBackend", backend), model)
        backend, model = await self._behind(alias)
        if self._listed[backend.name][0] < time.monotonic():
            self._being_asked(backend)  # or nobody would notice that the model is gone
        stands_for = model.id
        if (
            alias.draws_candidate(draw)
            and (found := await self._there(alias.candidate))
            and can in found[1].capabilities
            and not (pictures and "vision" not in found[1].capabilities)
        ):
            backend, model = found
        _require(model, can, model_id)
        return Resolved(cast("ChatBackend", backend), model, alias.name, stands_for)

    async def _behind(self, alias: Alias) -> tuple[Backend, ModelInfo]:
        """What an alias stands for; where that is gone, the last one before it that is there."""
        if found := await self._there(alias.model):
            return found
        for model_id in alias.earlier:
            with suppress(InvalidRequest):
                if found := self._find(model_id, self._last_known()):
                    return found
        return await self._resolve(alias.model)

    async def _there(self, model_id: str) -> tuple[Backend, ModelInfo] | None:
        """The model, None where it is gone or broken, which is believed for a while."""
        now = time.monotonic()
        if now < self._missing.get(model_id, 0.0):
            return None
        try:
            return await self._resolve(model_id)
        except (InvalidRequest, ModelNotFound):
            self._missing[model_id] = now + FRESH_ERROR
            return None

    async def _known_aliases(self) -> Mapping[str, Alias]:
        return await self._aliases.current() if self._aliases is not None else {}

    def forget_aliases(self) -> None:
        """Look anew for what aliases stand for: one has been changed."""
        self._missing.clear()
        if self._aliases is not None:
            self._aliases.forget()

    async def resolve_images(self, model_id: str, *, can: Capability = "images") -> ResolvedImages:
        """The model that makes pictures of that id. Raises as `resolve`."""
        backend, model = await self._able(model_id, can)
        return ResolvedImages(cast("ImageBackend", backend), model)

    async def _able(self, model_id: str, can: Capability) -> tuple[Backend, ModelInfo]:
        backend, model = await self._resolve(model_id)
        _require(model, can, model_id)
        return backend, model

    async def _resolve(self, model_id: str) -> tuple[Backend, ModelInfo]:
        if found := self._find(model_id, self._last_known()):
            return found
        statuses: Sequence[BackendStatus] = ()
        for fresh in (False, True):
            statuses = await self.statuses(fresh=fresh)
            if found := self._find(model_id, statuses):
                return found
        raise _not_found(model_id, statuses)

    def _last_known(self) -> list[BackendStatus | None]:
        return [self._listed.get(backend.name, (0.0, None))[1] for backend in self.backends]

    def _find(
        self, model_id: str, statuses: Sequence[BackendStatus | None]
    ) -> tuple[Backend, ModelInfo] | None:
        for backend, status in zip(self.backends, statuses, strict=True):
            for model in status.models if status else ():
                if model.id == model_id and model.error:
                    raise InvalidRequest(model.error, param="model", code="model_broken")
                if model.id == model_id:
                    return backend, model
        return None

    async def models(
        self, *, can: Capability | None = None, asker: str | None = None
    ) -> tuple[ModelInfo, ...]:
        """Every alias and every model that works, is there for the asker, or has the capability.

        Of equal ids it is the alias, then the first backend's.
        """
        found: dict[str, ModelInfo] = {}
        for status in await self.statuses():
            for model in status.models:
                if not model.error:
                    found.setdefault(model.id, model)
        named = _named((await self._known_aliases()).values(), found)
        hidden = await self._withheld(asker)
        return _shown({**named, **found, **named}.values(), can, hidden)

    async def default_model(self, wished: str = "", *, asker: str | None = None) -> str:
        """The chat model wished for if it is there, else the site's, else the first, else ""."""
        ids = [model.id for model in await self.models(can="chat", asker=asker)]
        for candidate in (wished, self._default_model):
            if candidate in ids:
                return candidate
        return ids[0] if ids else ""

    async def aclose(self) -> None:
        """Give back the connections of the running loop."""
        for backend in self.backends:
            await backend.aclose()
        await close_clients()


def _named(aliases: Iterable[Alias], models: Mapping[str, ModelInfo]) -> dict[str, ModelInfo]:
    """Each alias as the model that it stands for. While one is on trial no words tell of that."""
    found = {}
    for alias in aliases:
        served = next((models[each] for each in alias.chain if each in models), None)
        if served is not None:
            words = alias.label if alias.trial else f"{alias.label}, now {served.id}"
            found[alias.name] = replace(
                served, id=alias.name, description=words, alias_of=served.id
            )
    return found


def _shown(
    models: Iterable[ModelInfo], can: Capability | None, hidden: Mapping[str, str]
) -> tuple[ModelInfo, ...]:
    return tuple(
        model
        for model in models
        if (can is None or can in model.capabilities) and _made_of(model.id) not in hidden
    )


def _made_of(model_id: str) -> str:
    """The tuned model that this is a checkpoint of, else the model itself."""
    return model_id.partition(CHECKPOINT_MARK)[0]


def _not_found(model_id: str, statuses: Iterable[BackendStatus]) -> ModelNotFound:
    down = [status.error for status in statuses if not status.up]
    words = f"The model '{model_id}' does not exist or is not served here."
    return ModelNotFound(" ".join([words, *down]), param="model")


def _require(model: ModelInfo, can: Capability, asked: str) -> None:
    if can not in model.capabilities:
        raise InvalidRequest(
            f"The model '{asked}' {_inability(model, can)}.",
            param="model",
            code="model_not_supported",
        )


def _inability(model: ModelInfo, can: Capability) -> str:
    """What a model does instead of what it was asked for."""
    own = {"chat": "chats", "embeddings": "makes embeddings", "images": "makes pictures"}
    asked = {
        "chat": "does not chat",
        "embeddings": "has no embeddings",
        "images": "makes no pictures",
        "image_edits": "cannot change pictures",
        "image_variations": "makes no variations of pictures",
    }.get(can, f"has no {can}")
    does = [words for name, words in own.items() if name in model.capabilities and name != can]
    return f"{does[0]} and {asked}" if does and can in own else asked


def build_registry() -> Registry:
    """The registry that the settings describe."""
    remote = [OpenAIBackend(**table) for table in settings.BACKENDS]
    backends: list[Backend] = [*remote]
    if settings.ILLUSTRATOR_ENABLED:
        backends.append(IllustratorBackend())
    if (folder := settings.DATA_DIR / "models" / "images").is_dir():
        backends.append(DiffusersBackend(folder))
    if settings.ENGINE_ENABLED:
        backends.insert(0, EmbeddedBackend(settings.DATA_DIR, most_waiting=settings.ENGINE_QUEUE))
    moderator: Moderator | None
    if settings.MODERATION == "off":
        moderator = None
    elif settings.MODERATION == "rules":
        moderator = RuleModerator()
    else:
        [judge] = [backend for backend in remote if backend.name == settings.MODERATION]
        moderator = UpstreamModerator(judge.server)
    aliases: AliasSource = import_string(settings.ALIAS_SOURCE)()
    return Registry(backends, moderator, settings.DEFAULT_MODEL or LATEST_ID, aliases)


@cache
def get_registry() -> Registry:
    """The process's registry. Tests that change settings call `get_registry.cache_clear()`."""
    return build_registry()
