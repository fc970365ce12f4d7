"""What an alias stands for, as administrators and the loop's rule change it.

Every change is a Promotion, a way back too. The site itself, where a rule or a command acts, is
`None` instead of a person.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from chatsite.backend.errors import InvalidRequest, ModelNotFound, NotPermitted
from chatsite.backend.registry import Resolved, get_registry
from library import selectors
from library.models import Alias, LoopSettings, Promotion, Trial

WENT_BACK = "Rolled back."


def promote(
    user: User | None,
    alias: str,
    model: str,
    *,
    reason: str = "",
    improvement: UUID | None = None,
    rule: bool = False,
) -> Promotion:
    """Let the alias stand for another model, and end its trial if there is one.

    Everybody who asks for the alias is served by it within seconds. Raises NotPermitted,
    ModelNotFound, and InvalidRequest where the model does not chat or is an alias itself.
    """
    _require_administrator(user)
    _require_model(model)
    with transaction.atomic():
        row = _locked(alias)
        if improvement is not None and row.model == model:
            # The loop was interrupted, and does again what it had done.
            done = row.promotions.filter(improvement=improvement, to_model=model)
            if found := done.order_by("-created_at").first():
                return found
        return _stand_for(row, model, by=user, reason=reason, improvement=improvement, rule=rule)


def roll_back(user: User | None, alias: str) -> Promotion:
    """Let the alias stand for what it stood for before; twice goes back by two.

    Models that are gone are passed over. Raises NotPermitted, and InvalidRequest where
    there is nothing to go back to.
    """
    _require_administrator(user)
    _found(Alias.objects.all(), alias)
    for model in selectors.models_before(alias):
        try:
            _require_model(model)
        except (InvalidRequest, ModelNotFound):
            continue
        with transaction.atomic():
            return _stand_for(_locked(alias), model, by=user, reason=WENT_BACK)
    raise InvalidRequest(f"There is no earlier model for {alias} to go back to.")


def start_trial(user: User | None, alias: str, candidate: str, share: float) -> Trial:
    """Let a candidate serve a share of the alias's conversations, from above 0 to 1, blind.

    Raises NotPermitted, ModelNotFound, and InvalidRequest where there is a trial already
    or the candidate cannot be tried.
    """
    _require_administrator(user)
    if not 0 < share <= 1:
        raise InvalidRequest("A trial is of a share above 0 and of at most 1.")
    _require_model(candidate)
    with transaction.atomic():
        row = _locked(alias)
        if row.model == candidate:
            raise InvalidRequest(f"{alias} stands for {candidate} already.")
        try:
            with transaction.atomic():
                trial = Trial.objects.create(
                    alias=row, candidate=candidate, share=share, started_by=user
                )
        except IntegrityError:
            raise InvalidRequest(f"A trial of {alias} is on. End it first.") from None
        _tell()
    return trial


def end_trial(user: User | None, alias: str) -> Trial:
    """End the trial of the alias. Raises NotPermitted, InvalidRequest if there is none"""
    _require_administrator(user)
    with transaction.atomic():
        trial = Trial.objects.filter(alias=_locked(alias), ended_at=None).first()
        if trial is None:
            raise InvalidRequest(f"No trial of {alias} is on.")
        _end(trial)
        _tell()
    return trial


def change_settings(user: User, **changes: Any) -> LoopSettings:
    """Change how the loop runs by itself. Raises NotPermitted, and django's ValidationError."""
    _require_administrator(user)
    changed = selectors.loop_settings()
    for name, value in changes.items():
        setattr(changed, name, value)
    changed.full_clean(validate_unique=False)
    changed.save()
    return changed


def _stand_for(row: Alias, model: str, **how: Any) -> Promotion:
    if row.model == model:
        raise InvalidRequest(f"{row.name} stands for {model} already.")
    for trial in Trial.objects.filter(alias=row, ended_at=None):
        _end(trial)
    made = Promotion.objects.create(alias=row, from_model=row.model, to_model=model, **how)
    row.model, row.updated_at = model, made.created_at
    row.save(update_fields=["model", "updated_at"])
    _tell()
    return made


def _end(trial: Trial) -> None:
    trial.ended_at = timezone.now()
    trial.save(update_fields=["ended_at"])


def _locked(alias: str) -> Alias:
    """To be changed, within a transaction."""
    return _found(Alias.objects.select_for_update(), alias)


def _found(rows: QuerySet[Alias], alias: str) -> Alias:
    row = rows.filter(name=alias).first()
    if row is None:
        raise ModelNotFound(f"There is no alias '{alias}'.")
    return row


def _tell() -> None:
    """This process sees the change at once; others look anew every few seconds."""
    transaction.on_commit(get_registry().forget_aliases)


def _require_model(model: str) -> None:
    """It is there and chats, and is no alias."""
    resolved: Resolved = async_to_sync(get_registry().resolve)(model)
    if resolved.alias:
        raise InvalidRequest(f"{model} is an alias itself; name what it stands for.")


def _require_administrator(user: User | None) -> None:
    if user is not None and not user.is_staff:
        raise NotPermitted("Only administrators may change what an alias stands for.")
