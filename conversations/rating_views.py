"""Rating answers on the chat page, and the page of what a person has rated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.services import update_profile
from chatsite.backend.errors import InvalidRequest
from conversations import comparisons, fragments, ratings, selectors
from conversations.announcing import announce, conversation_group
from conversations.forms import THUMBS, ComparisonForm, OpinionForm
from conversations.models import Conversation
from conversations.opinions import opinion_of, reasons_to_offer
from conversations.rated import rated_by
from conversations.threads import MessageView

SAVED = "Your rating is saved."
TAKEN_BACK = "Your rating is taken back."
AWAY = "From now on no model learns from your ratings and conversations."
TAKING_PART = "Models may learn from what you rate."


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


# --- in the chat


@login_required
@require_http_methods(["GET", "POST"])
async def rate(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """A thumb, or what there is to say beside it; the answer is what stands below the message."""
    html, told = await sync_to_async(_rate)(request, conversation_id, message_id)
    if told:
        group = conversation_group(conversation_id)
        tab = request.headers.get("X-Tab", "")
        await announce(group, "message.rated", html=told, tab=tab)
    return HttpResponse(html)


def _rate(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> tuple[str, str]:
    """What this page shows now, and what the others do, if anything is new to them."""
    user = _person(request)
    view = _answer(user, conversation_id, message_id)
    below = partial(fragments.opinion, conversation_id, oob=False, opted_out=user.training_opt_out)
    if request.method == "GET":
        closed = "closed" in request.GET
        return below(view, open=not closed) + fragments.thumbs(
            conversation_id, view, focus=closed
        ), ""
    if "details" in request.POST and view.opinion is not None:
        form = OpinionForm(view.opinion, view.text, request.POST)
        if not form.is_valid():
            return below(view, open=True, problem=form.problem), ""
        ratings.rate_message(user, message_id, form.opinion)
        view = _answer(user, conversation_id, message_id)
        shown = below(view, thanks=True) + fragments.thumbs(conversation_id, view, focus=True)
        return shown + fragments.announcement("Thanks. Your rating is saved."), _told(
            user, conversation_id, view
        )
    if (thumb := THUMBS.get(request.POST.get("thumb", ""))) is None:
        ratings.take_thumb_back(user, message_id)
    else:
        ratings.give_thumb(user, message_id, thumb)
    view = _answer(user, conversation_id, message_id)
    shown = below(view, open=True) + fragments.thumbs(conversation_id, view)
    return shown + fragments.announcement(_heard(view)), _told(user, conversation_id, view)


def _heard(view: MessageView) -> str:
    if view.opinion is None:
        return TAKEN_BACK
    return "Rated as good." if view.opinion.thumb == 1 else "Rated as bad."


def _told(user: User, conversation_id: UUID, view: MessageView) -> str:
    """What the other pages of the conversation show of an answer's rating from now on."""
    below = fragments.opinion(conversation_id, view, opted_out=user.training_opt_out)
    return fragments.thumbs(conversation_id, view) + below


def _answer(user: User, conversation_id: UUID, message_id: UUID) -> MessageView:
    try:
        [view] = selectors.messages_for(user, conversation_id, [message_id]).messages
    except (Conversation.DoesNotExist, KeyError):
        raise Http404 from None
    if not view.ratable:
        raise Http404
    return view


@login_required
@require_POST
async def choose(request: HttpRequest, conversation_id: UUID, comparison_id: UUID) -> HttpResponse:
    """Which of two answers is better; the conversation goes on from that one, in every tab."""
    response = await sync_to_async(_choose)(request, conversation_id, comparison_id)
    # The page that chose has the thread from this reply: its socket would take it away first.
    group, tab = conversation_group(conversation_id), request.headers.get("X-Tab", "")
    await announce(group, "thread.changed", tab=tab)
    return response


def _choose(request: HttpRequest, conversation_id: UUID, comparison_id: UUID) -> HttpResponse:
    user = _person(request)
    try:
        comparisons.choose(user, comparison_id, request.POST.get("choice", ""))
        thread = selectors.thread_for(user, conversation_id)
    except (Conversation.DoesNotExist, ratings.NotFound):
        raise Http404 from None
    except InvalidRequest as error:
        return HttpResponse(error.message, status=error.status)
    context = {"thread": thread, "conversation_id": conversation_id}
    return render(request, "conversations/_thread.html", context)


@login_required
@require_POST
def compare(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Whether an answer is better than the one in whose place it was written."""
    user = _person(request)
    view = _answer(user, conversation_id, message_id)
    try:
        comparisons.compare_versions(user, message_id, request.POST.get("choice", ""))
    except ratings.NotFound:
        raise Http404 from None
    except InvalidRequest as error:
        return HttpResponse(error.message, status=error.status)
    context = {"message": view, "conversation_id": conversation_id, "answered": True}
    return render(request, "conversations/_version_question.html", context)


# --- the page of one's ratings


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What the person has said of answers, the newest first, and whether it is learnt from."""
    before = request.GET.get("before", "")
    context = {"page": rated_by(_person(request), before), "later": bool(before)}
    return render(request, "conversations/ratings.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, rating_id: UUID) -> HttpResponse:
    user = _person(request)
    try:
        rating = ratings.rating_for(user, rating_id)
    except ratings.NotFound:
        raise Http404 from None
    opinion, answer = opinion_of(rating), ratings.answer_of(rating)
    form = OpinionForm(opinion, answer, request.POST or None)
    if form.is_valid():
        ratings.change_rating(user, rating_id, form.opinion)
        messages.success(request, SAVED)
        return redirect("conversations:ratings")
    context = {
        "rating": rating,
        "opinion": opinion,
        "answer": answer,
        "reasons": reasons_to_offer(opinion),
        "problem": form.problem,
    }
    status = 422 if form.errors else 200
    return render(request, "conversations/rating.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def edit_comparison(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    user = _person(request)
    try:
        comparison = comparisons.comparison_for(user, comparison_id)
        form = ComparisonForm(request.POST or None, initial={"choice": comparison.choice})
        if form.is_valid():
            comparisons.choose(user, comparison_id, form.cleaned_data["choice"])
            messages.success(request, SAVED)
            return redirect("conversations:ratings")
    except ratings.NotFound:
        raise Http404 from None
    context = {"comparison": comparison, "form": form}
    status = 422 if form.errors else 200
    return render(request, "conversations/comparison.html", context, status=status)


@login_required
@require_POST
def withdraw(request: HttpRequest, rating_id: UUID) -> HttpResponse:
    return _withdrawn(request, ratings.withdraw_rating, rating_id)


@login_required
@require_POST
def withdraw_comparison(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    return _withdrawn(request, comparisons.withdraw_comparison, comparison_id)


def _withdrawn(
    request: HttpRequest, take_back: Callable[[User, UUID], None], identifier: UUID
) -> HttpResponse:
    try:
        take_back(_person(request), identifier)
    except ratings.NotFound:
        raise Http404 from None
    messages.success(request, TAKEN_BACK)
    return redirect("conversations:ratings")


@login_required
@require_POST
def withdraw_all(request: HttpRequest) -> HttpResponse:
    ratings.withdraw_everything(_person(request))
    messages.success(request, "All of your ratings are taken back.")
    return redirect("conversations:ratings")


@login_required
@require_POST
def training(request: HttpRequest) -> HttpResponse:
    """Keep out of training from now on, or take part again."""
    away = bool(request.POST.get("training_opt_out"))
    update_profile(_person(request), training_opt_out=away)
    messages.success(request, AWAY if away else TAKING_PART)
    return redirect("conversations:ratings")
