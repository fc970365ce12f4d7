"""Two answers to one question: when they are offered, and what people say of them."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import SystemRandom
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.registry import get_registry
from conversations import services
from conversations.models import Comparison, Message
from conversations.ratings import NotFound
from conversations.services import Offer, Turn
from library.models import Trial
from library.selectors import loop_settings

OWN_ENGINE = "engine"
ACQUAINTED = 3
"""So many questions somebody has asked before they are asked in turn."""

_random = SystemRandom()


async def comparable(model: str) -> str:
    """The model behind this name or alias if two answers of it may be offered, else "".

    That is where the site's own engine writes them: elsewhere the second one costs money.
    """
    try:
        resolved = await get_registry().resolve(model)
    except BackendError:
        return ""
    if resolved.backend.name != OWN_ENGINE:
        return ""
    return resolved.stands_for or resolved.model.id


def ask(
    user: User,
    conversation_id: UUID,
    *,
    text: str,
    model: str,
    nonce: str,
    pictures: Sequence[UUID] = (),
    comparable: str = "",
) -> Turn:
    """Ask as `services.ask` does; now and then two answers are written, for the person to compare.

    `comparable` is what the coroutine of that name says of the model. Raises as `services.ask`.
    """
    offer = _offer(user, model, comparable) if comparable else None
    return services.ask(
        user,
        conversation_id,
        text=text,
        model=model,
        nonce=nonce,
        pictures=pictures,
        offer=offer,
    )


def _offer(user: User, model: str, serving: str) -> Offer | None:
    """Two models to compare in a share of all questions that is the administrators' to set.

    Nobody who keeps out of training is asked, nor anybody whose use is bounded: it would count
    twice; nor a newcomer, who wants to see an answer first, unless every question is compared.
    While a candidate is on trial it is compared with what it is to replace, in any order.
    """
    bounds = (user.budget_limit, user.requests_per_minute, user.tokens_per_minute)
    if user.training_opt_out or any(bound is not None for bound in bounds):
        return None
    share = loop_settings().comparison_share
    if _random.random() >= share or (share < 1 and _is_new(user)):
        return None
    trial = Trial.objects.filter(alias__name=model, ended_at=None).first()
    if trial is None:
        return Offer((model, model))
    one, other = _random.sample((serving, trial.candidate), 2)
    return Offer((one, other), trial.id)


def _is_new(user: User) -> bool:
    asked = Message.objects.filter(conversation__owner=user, role=Message.Role.USER)
    return asked[:ACQUAINTED].count() < ACQUAINTED


def choose(user: User, comparison_id: UUID, choice: str) -> Comparison:
    """Say which of two answers is better, and go on from that one; from the first if neither is.

    Where one has no text there was no choice: the comparison is forgotten, and the conversation
    goes on from the one named. Raises NotFound, Busy, InvalidRequest.
    """
    if choice not in Comparison.Choice.values:
        raise InvalidRequest("Choose one of the answers, both or neither.", param="choice")
    comparison = comparison_for(user, comparison_id)
    answers = (comparison.first, comparison.second)
    if any(answer.status == Message.Status.STREAMING for answer in answers):
        raise services.Busy
    better = answers[choice == Comparison.Choice.SECOND]
    with transaction.atomic():
        if all(answer.text.strip() for answer in answers):
            comparison.choice, comparison.decided_at = choice, timezone.now()
            comparison.save(update_fields=["choice", "decided_at"])
        else:
            comparison.delete()
        # Who has gone on below one of them stays there.
        if comparison.conversation.leaf_id in {answer.id for answer in answers}:
            services.select(user, comparison.conversation_id, better.id)
    return comparison


def compare_versions(user: User, message_id: UUID, choice: str) -> Comparison:
    """Say whether an answer is better than the one in whose place it was written.

    SECOND is "better", BOTH "about the same", FIRST "worse"; said again it replaces what was said
    before. Raises NotFound where there is no such answer or none before it, and InvalidRequest.
    """
    if choice not in Comparison.Choice.values:
        raise InvalidRequest("Say whether it is better, the same or worse.", param="choice")
    answer = (
        Message.objects.filter(id=message_id, conversation__owner=user, role=Message.Role.ASSISTANT)
        .exclude(status=Message.Status.STREAMING)
        .first()
    )
    before = None if answer is None else _version_before(answer)
    if answer is None or before is None or answer.parent_id is None:
        raise NotFound("There is no earlier answer that this one could be compared with.")
    comparison, _ = Comparison.objects.update_or_create(
        first=before,
        second=answer,
        defaults={"choice": choice, "decided_at": timezone.now()},
        create_defaults={
            "owner": user,
            "conversation_id": answer.conversation_id,
            "question_id": answer.parent_id,
            "choice": choice,
            "decided_at": timezone.now(),
        },
    )
    return comparison


def withdraw_comparison(user: User, comparison_id: UUID) -> None:
    """Take back what was said of two answers. Raises NotFound."""
    comparison_for(user, comparison_id).delete()


def comparison_for(user: User, comparison_id: UUID) -> Comparison:
    found = (
        Comparison.objects.filter(id=comparison_id, owner=user)
        .select_related("conversation", "first", "second")
        .first()
    )
    if found is None:
        raise NotFound("This comparison does not exist any more.")
    return found


def _version_before(answer: Message) -> Message | None:
    """The sibling that was written last before an answer, and says something."""
    earlier = Message.objects.filter(
        conversation_id=answer.conversation_id,
        parent_id=answer.parent_id,
        drawing=None,
        created_at__lt=answer.created_at,
    )
    return earlier.exclude(text="").order_by("-created_at", "-id").first()
