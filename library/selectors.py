"""What of the models may be seen. Every function takes the user first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from chatsite.backend import types
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.engine import CHECKPOINT_MARK
from chatsite.backend.engine.client import EngineClient
from chatsite.backend.library.shelf import StoredModel, inventory, readable_count, readable_size
from chatsite.backend.registry import get_registry
from chatsite.backend.types import BackendStatus, ModelInfo
from library.models import Alias, Download, LoopSettings, Promotion, Trial, TunedModel

NEWS = timedelta(hours=1)
"""For so long a finished download is still told of."""
CAPABILITIES = {
    "vision": "sees pictures",
    "tools": "uses tools",
    "reasoning": "thinks first",
    "embeddings": "makes embeddings",
}
"""Those worth a word; most models chat and keep to a JSON schema."""
SHOWN_CHANGES = 10


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model as the page lists it; `facts` and `capabilities` are words to show.

    `removable` tells that its file is this site's to delete. `loaded` is the memory it takes now,
    in words, "" where it is not loaded or that cannot be known; `unload` the id to unload then.
    An alias may stand for one that `chats`. Of one that was made here, `whose` it is in words;
    while it is `withheld`, it is there for that person and the administrators alone; `shareable`
    where the administrator who looks may change that.
    """

    id: str
    name: str
    facts: tuple[str, ...]
    capabilities: tuple[str, ...]
    default: bool
    built_in: bool
    removable: bool
    loaded: str
    unload: str
    error: str
    chats: bool = False
    whose: str = ""
    withheld: bool = False
    shareable: bool = False


@dataclass(frozen=True, slots=True)
class BackendRow:
    """A backend with its models, or the reason in `error` why it does not answer."""

    name: str
    label: str
    models: tuple[ModelRow, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an alias; `by` is an address, "" where the rule or a command made it."""

    from_model: str
    to_model: str
    by: str
    rule: bool
    reason: str
    improvement: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AliasRow:
    """An alias as the page lists it: it stands for `model`, and `serving` serves.

    That is another one where the model is gone, and "" where nothing is left. What only
    administrators see is empty for others: the changes, the newest first, the model that is gone
    `back` to, and the open trial, which is blind.
    """

    name: str
    label: str
    model: str
    serving: str
    default: bool
    changes: tuple[Change, ...] = ()
    back: str = ""
    trial: Trial | None = None


def aliases_for(user: User) -> tuple[AliasRow, ...]:
    """Every alias with what it stands for, whether or not that is there."""
    serving, default = async_to_sync(_serving)(user)
    rows = Alias.objects.order_by("name")
    if user.is_staff:
        changes = Promotion.objects.order_by("created_at").select_related("by")
        trials = Trial.objects.filter(ended_at=None).select_related("started_by")
        rows = rows.prefetch_related(Prefetch("promotions", changes), Prefetch("trials", trials))
    return tuple(_alias_row(row, serving, default, told=user.is_staff) for row in rows)


def _alias_row(row: Alias, serving: dict[str, str], default: str, *, told: bool) -> AliasRow:
    shown = AliasRow(
        row.name,
        types.Alias(row.name, row.model).label,
        row.model,
        serving.get(row.name, ""),
        row.name == default,
    )
    if not told:
        return shown
    promotions = list(row.promotions.all())
    changes = [
        Change(
            each.from_model,
            each.to_model,
            each.by.email if each.by else "",
            each.rule,
            each.reason,
            each.improvement,
            each.created_at,
        )
        for each in reversed(promotions[-SHOWN_CHANGES:])
    ]
    earlier = _before((each.from_model, each.to_model) for each in promotions)
    return replace(
        shown,
        changes=tuple(changes),
        back=earlier[0] if earlier else "",
        trial=next(iter(row.trials.all()), None),
    )


async def _serving(user: User) -> tuple[dict[str, str], str]:
    registry = get_registry()
    default = await registry.default_model(user.default_model, asker=user.asker)
    return {each.id: each.alias_of for each in await registry.models()}, default


def models_before(alias: str) -> tuple[str, ...]:
    """What the alias stood for before, the last first, without what was gone back from."""
    changes = Promotion.objects.filter(alias__name=alias).order_by("created_at")
    return _before(changes.values_list("from_model", "to_model"))


def _before(changes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    stack: list[str] = []
    for before, after in changes:
        if not stack:
            stack.append(before)
        if len(stack) > 1 and stack[-2] == after:
            stack.pop()
        else:
            stack.append(after)
    return tuple(reversed(stack[:-1]))


def aliases_of(model: str) -> tuple[str, ...]:
    """The names of the aliases that stand for a model, or have it on trial."""
    on_trial = Q(trials__candidate=model, trials__ended_at=None)
    named = Alias.objects.filter(Q(model=model) | on_trial).order_by("name").distinct()
    return tuple(named.values_list("name", flat=True))


def loop_settings() -> LoopSettings:
    """How the loop runs by itself, for whoever has to know."""
    return LoopSettings.objects.first() or LoopSettings()


def backends_for(user: User) -> tuple[BackendRow, ...]:
    """Every backend with every model that is there for the user, broken ones, and those of a
    backend that is down, too."""
    made = TunedModel.objects.select_related("owner") if user.is_staff else TunedModel.objects
    tuned = {each.model: each for each in made.all()}
    withheld = async_to_sync(get_registry().withheld)()
    return tuple(
        replace(row, models=tuple(_whose(model, tuned, withheld, user) for model in row.models))
        for row in async_to_sync(_backends)(user)
    )


def _whose(
    row: ModelRow, tuned: Mapping[str, TunedModel], withheld: Collection[str], user: User
) -> ModelRow:
    made = tuned.get(row.id.partition(CHECKPOINT_MARK)[0])
    if made is None:
        return row
    if user.is_staff and made.owner_id != user.pk:
        whose = f"of {made.owner.email}" if made.owner else "of a deleted account"
    else:
        whose = "yours" if made.owner_id == user.pk else ""
    return replace(
        row,
        whose=whose,
        withheld=made.model in withheld,
        shareable=user.is_staff and made.model == row.id and (made.shared or row.id in withheld),
    )


def engine() -> EngineClient | None:
    """The client of the built-in engine, where the site has one."""
    for backend in get_registry().backends:
        if isinstance(backend, EmbeddedBackend):
            return backend.engine
    return None


def downloads_for(user: User) -> QuerySet[Download]:
    """What is on its way, has failed, or has just arrived; for administrators, else none."""
    if not user.is_staff:
        return Download.objects.none()
    recent = Q(ended_at__gt=timezone.now() - NEWS)
    return Download.objects.exclude(~recent, state=Download.State.DONE).order_by("-created_at")


def download_for(user: User, download_id: UUID) -> Download:
    """Raises Download.DoesNotExist, for everybody but administrators always."""
    return downloads_for(user).get(id=download_id)


async def _backends(user: User) -> tuple[BackendRow, ...]:
    registry = get_registry()
    statuses = await registry.statuses(asker=user.asker)
    default = await registry.default_model(user.default_model, asker=user.asker)
    client = engine()
    stored: list[StoredModel] = []
    if client is not None:
        stored = [
            model
            for model in (await inventory(settings.DATA_DIR, client)).models
            if not await registry.withholds(model.id, user.asker)
        ]
    return tuple(
        _engine_row(status, stored, default)
        if status.name == EmbeddedBackend.name
        else BackendRow(
            status.name,
            status.label,
            tuple(_remote_row(model, default) for model in status.models),
            status.error,
        )
        for status in statuses
    )


def _engine_row(status: BackendStatus, stored: Sequence[StoredModel], default: str) -> BackendRow:
    served = {model.id: model for model in status.models}
    rows = tuple(_stored_row(model, served.get(model.id), default) for model in stored)
    return BackendRow(status.name, status.label, rows, status.error)


def _stored_row(model: StoredModel, served: ModelInfo | None, default: str) -> ModelRow:
    facts = [
        f"{readable_count(model.parameters)} parameters" if model.parameters else "",
        model.quantization,
        readable_size(model.size_bytes),
        _window(model.context),
        f"{model.dimensions:,} dimensions" if model.dimensions else "",
        model.license and f"licence {model.license}",
        f"adapter of {model.base}" if model.base else "",
        _sight(model, served),
        "" if model.built_in else model.file,
    ]
    return ModelRow(
        id=model.id,
        name=model.name,
        facts=tuple(filter(None, facts)),
        capabilities=_capabilities(served),
        default=model.id == default,
        built_in=model.built_in,
        removable=not model.built_in,
        loaded="" if model.memory_bytes is None else readable_size(model.memory_bytes),
        unload="" if model.memory_bytes is None else model.base or model.id,
        error=model.error,
        chats=_chats(served),
    )


def _remote_row(model: ModelInfo, default: str) -> ModelRow:
    return ModelRow(
        id=model.id,
        name=model.description,
        facts=tuple(filter(None, [_window(model.context_window or 0)])),
        capabilities=_capabilities(model),
        default=model.id == default,
        built_in=False,
        removable=False,
        loaded="",
        unload="",
        error=model.error,
        chats=_chats(model),
    )


def _sight(model: StoredModel, served: ModelInfo | None) -> str:
    if not model.projector:
        return ""
    blind = served is not None and not model.error and "vision" not in served.capabilities
    return (
        f"does not see: {model.projector} cannot be loaded" if blind else f"with {model.projector}"
    )


def _window(tokens: int) -> str:
    return f"{tokens:,} tokens of context" if tokens else ""


def _chats(model: ModelInfo | None) -> bool:
    return model is not None and not model.error and "chat" in model.capabilities


def _capabilities(model: ModelInfo | None) -> tuple[str, ...]:
    if model is None or model.error:
        return ()
    return tuple(words for name, words in CAPABILITIES.items() if name in model.capabilities)
