"""library.promotion: what an alias stands for, its trials, the way back, and who may change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from chatsite.backend.errors import InvalidRequest, ModelNotFound, NotPermitted
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Alias as Known
from library import aliases, promotion, selectors, services
from library.models import Alias, LoopSettings, Promotion, Trial
from tests.servers.upstream import Upstream

LATEST = "starter:latest"


@pytest.fixture(autouse=True)
def tool(fake_models: Upstream, db: None) -> None:
    """The alias stands for one of the fake provider's models."""
    fake_models.models = ("echo", "markdown", "tool", "vision", "embed-1")
    Alias.objects.update(model="fake/tool")


def stands_for() -> str:
    return Alias.objects.get().model


def known() -> Known:
    """What a process that remembers nothing reads."""
    return async_to_sync(aliases.AliasRows().current)()[LATEST]


# --- promoted, and back


def test_a_promotion_is_written_down_and_seen_at_once(
    administrator: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    resolve = async_to_sync(get_registry().resolve)
    assert resolve(LATEST).model.id == "fake/tool"
    improvement = uuid4()
    with django_capture_on_commit_callbacks(execute=True):
        made = promotion.promote(
            administrator, LATEST, "fake/echo", reason="It is shorter.", improvement=improvement
        )
    assert resolve(LATEST).model.id == "fake/echo"
    assert [
        (each.alias.name, each.from_model, each.to_model, each.by, each.rule, each.reason)
        for each in Promotion.objects.all()
    ] == [(LATEST, "fake/tool", "fake/echo", administrator, False, "It is shorter.")]
    assert made == Promotion.objects.get(improvement=improvement)
    assert Alias.objects.get().updated_at == made.created_at


def test_a_loop_that_was_interrupted_promotes_once(administrator: User) -> None:
    made = [
        promotion.promote(None, LATEST, "fake/echo", improvement=improvement, rule=True)
        for improvement in [uuid4()] * 2
    ]
    assert made[0] == made[1] == Promotion.objects.get()
    assert (made[0].by, made[0].rule) == (None, True)
    with pytest.raises(InvalidRequest, match="stands for fake/echo already"):
        promotion.promote(administrator, LATEST, "fake/echo")


@pytest.mark.parametrize(
    ("alias", "model", "error"),
    [
        (LATEST, "fake/nothing", ModelNotFound),
        (LATEST, LATEST, InvalidRequest),
        (LATEST, "fake/embed-1", InvalidRequest),
        ("nobody:latest", "fake/echo", ModelNotFound),
    ],
)
def test_what_cannot_be_promoted_is_refused(
    administrator: User, alias: str, model: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        promotion.promote(administrator, alias, model)
    assert (stands_for(), Promotion.objects.count()) == ("fake/tool", 0)


def test_the_way_back_leads_on_and_passes_over_what_is_gone(administrator: User) -> None:
    for model in ("fake/echo", "fake/markdown", "fake/vision"):
        promotion.promote(administrator, LATEST, model)
    gone = Promotion.objects.create(
        alias=Alias.objects.get(), from_model="fake/vision", to_model="fake/gone"
    )
    Alias.objects.update(model="fake/gone")
    assert selectors.models_before(LATEST) == (
        "fake/vision", "fake/markdown", "fake/echo", "fake/tool",
    )  # fmt: skip
    went = [promotion.roll_back(administrator, LATEST).to_model for _ in range(2)]
    assert went == ["fake/vision", "fake/markdown"]
    # What was gone back from is not come back to; what was promoted since is gone back from.
    promotion.promote(administrator, LATEST, "fake/vision")
    assert promotion.roll_back(administrator, LATEST).to_model == "fake/markdown"
    Promotion.objects.filter(pk=gone.pk).update(reason="changes nothing")
    assert promotion.roll_back(administrator, LATEST).to_model == "fake/echo"
    assert promotion.roll_back(administrator, LATEST).to_model == "fake/tool"
    with pytest.raises(InvalidRequest, match="no earlier model"):
        promotion.roll_back(administrator, LATEST)
    assert stands_for() == "fake/tool"


# --- trials


def test_a_trial_begins_and_ends(administrator: User) -> None:
    trial = promotion.start_trial(administrator, LATEST, "fake/echo", 0.25)
    assert known() == Known(LATEST, "fake/tool", (), "fake/echo", 0.25, known().trial)
    with pytest.raises(InvalidRequest, match="End it first"):
        promotion.start_trial(administrator, LATEST, "fake/markdown", 0.5)
    assert promotion.end_trial(administrator, LATEST) == trial
    assert known() == Known(LATEST, "fake/tool")
    with pytest.raises(InvalidRequest, match="No trial"):
        promotion.end_trial(administrator, LATEST)
    again = promotion.start_trial(administrator, LATEST, "fake/echo", 1.0)
    assert Trial.objects.filter(ended_at=None).get() == again


@pytest.mark.parametrize(
    ("candidate", "share"), [("fake/tool", 0.5), ("fake/echo", 0.0), ("fake/echo", 1.1)]
)
def test_what_cannot_be_tried_is_refused(administrator: User, candidate: str, share: float) -> None:
    with pytest.raises(InvalidRequest):
        promotion.start_trial(administrator, LATEST, candidate, share)
    assert not Trial.objects.exists()


@pytest.mark.parametrize("promoted", ["fake/echo", "fake/markdown"])
def test_a_promotion_ends_the_trial(administrator: User, promoted: str) -> None:
    promotion.start_trial(administrator, LATEST, "fake/echo", 0.25)
    promotion.promote(administrator, LATEST, promoted)
    assert known() == Known(LATEST, promoted, ("fake/tool",))


# --- settings


def test_the_loop_s_settings_are_changed_and_bounded(administrator: User) -> None:
    assert selectors.loop_settings() == LoopSettings()
    promotion.change_settings(administrator, comparison_share=0.2, improve_every="weekly")
    changed = selectors.loop_settings()
    assert (changed.comparison_share, changed.improve_every) == (0.2, "weekly")
    impossible: list[dict[str, Any]] = [{"comparison_share": 1.5}, {"improve_every": "hourly"}]
    for changes in impossible:
        with pytest.raises(ValidationError):
            promotion.change_settings(administrator, **changes)
    assert LoopSettings.objects.get().comparison_share == 0.2


# --- who may


def test_nobody_but_administrators_changes_anything(bob: User) -> None:
    refused: list[Callable[[], object]] = [
        lambda: promotion.promote(bob, LATEST, "fake/echo"),
        lambda: promotion.roll_back(bob, LATEST),
        lambda: promotion.start_trial(bob, LATEST, "fake/echo", 0.5),
        lambda: promotion.end_trial(bob, LATEST),
        lambda: promotion.change_settings(bob, comparison_share=1.0),
    ]
    for act in refused:
        with pytest.raises(NotPermitted):
            act()
    assert (stands_for(), Promotion.objects.count(), Trial.objects.count()) == ("fake/tool", 0, 0)
    assert not LoopSettings.objects.exists()


def test_what_an_alias_needs_is_not_removed(administrator: User) -> None:
    promotion.start_trial(administrator, LATEST, "fake/echo", 0.5)
    for model in ("fake/tool", "fake/echo"):
        with pytest.raises(InvalidRequest, match=f"starter:latest needs {model}"):
            services.require_unneeded(model)
    services.require_unneeded("fake/markdown")


# --- what is shown


def shown(user: User) -> selectors.AliasRow:
    [row] = selectors.aliases_for(user)
    return row


def test_everybody_sees_what_an_alias_stands_for_and_administrators_how_that_came(
    administrator: User, bob: User
) -> None:
    promotion.promote(administrator, LATEST, "fake/echo", reason="It is shorter.")
    promotion.promote(None, LATEST, "fake/vision", rule=True)
    trial = promotion.start_trial(administrator, LATEST, "fake/markdown", 0.5)
    get_registry().forget_aliases()
    row = shown(administrator)
    assert (row.label, row.model, row.serving, row.default) == (
        "Starter (latest)", "fake/vision", "fake/vision", True,
    )  # fmt: skip
    assert [
        (each.from_model, each.to_model, each.by, each.rule, each.reason) for each in row.changes
    ] == [
        ("fake/echo", "fake/vision", "", True, ""),
        ("fake/tool", "fake/echo", administrator.email, False, "It is shorter."),
    ]
    assert (row.back, row.trial) == ("fake/echo", trial)
    assert shown(bob) == selectors.AliasRow(
        LATEST, "Starter (latest)", "fake/vision", "fake/vision", default=True
    )


def test_a_model_that_is_gone_is_told_with_what_serves_instead(bob: User) -> None:
    alias = Alias.objects.get()
    for model in ("fake/echo", "fake/gone"):
        Promotion.objects.create(alias=alias, from_model=alias.model, to_model=model)
        alias.model = model
        alias.save()
    assert (shown(bob).model, shown(bob).serving) == ("fake/gone", "fake/echo")
    Promotion.objects.all().delete()
    get_registry().forget_aliases()
    assert (shown(bob).model, shown(bob).serving) == ("fake/gone", "")


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_as_many_queries_for_three(
    administrator: User,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for each in range(1, number):
        alias = Alias.objects.create(name=f"other:{each}", model="fake/echo")
        Promotion.objects.create(alias=alias, from_model="fake/tool", to_model="fake/echo")
    async_to_sync(get_registry().models)()  # and what it asks for is remembered
    with django_assert_num_queries(3):
        assert len(selectors.aliases_for(administrator)) == number
