"""The pages. Each parses, calls one service or selector, renders."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from chatsite import pictures
from chatsite.backend.registry import get_registry
from chatsite.backend.types import BackendStatus, ModelInfo
from conversations import attachments, markdown, progress, runner, selectors, services
from conversations.announcing import announce, announce_ended, announce_row, conversation_group
from conversations.forms import RenameForm
from conversations.models import Conversation, Message
from conversations.threads import Thread


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User
    htmx: HtmxDetails


@login_required
@require_GET
def new(request: PageRequest) -> HttpResponse:
    """A new chat. Its id is settled here; the conversation is saved with its first message."""
    return _chat(request, uuid4(), None, Thread())


@login_required
@require_GET
def show(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    conversation = _own(request, conversation_id)
    for run in progress.settle_orphans(conversation_id):
        async_to_sync(announce_ended)(run)
    through = _uuid(request.GET.get("message", ""))
    thread = selectors.thread_for(request.user, conversation_id, through=through)
    return _chat(request, conversation_id, conversation, thread)


@login_required
@require_GET
async def at(request: PageRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Go to a message. Where it lies on another branch that one comes up, in every tab."""
    if await sync_to_async(_bring_up)(request, conversation_id, message_id):
        await announce(conversation_group(conversation_id), "thread.changed")
    place = reverse("conversations:show", args=[conversation_id])
    return redirect(f"{place}?message={message_id}#m-{message_id}")


def _bring_up(request: PageRequest, conversation_id: UUID, message_id: UUID) -> bool:
    """Whether another branch had to be shown."""
    _own(request, conversation_id)
    thread = selectors.thread_for(request.user, conversation_id, through=message_id)
    if any(message.id == message_id for message in thread.messages):
        return False
    _select_own(request, conversation_id, message_id)
    return True


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


def _chat(
    request: PageRequest,
    conversation_id: UUID,
    conversation: Conversation | None,
    thread: Thread,
) -> HttpResponse:
    sidebar = selectors.sidebar_for(request.user)
    aliases, statuses, selected = async_to_sync(_models)(request.user, _last_model(request, thread))
    offered = [*aliases, *(model for status in statuses for model in status.models)]
    wished = request.GET.get("model")
    if wished and selected and wished != selected:
        messages.warning(request, f"The model {wished} is not here. {selected} answers instead.")
    return render(
        request,
        "conversations/chat.html",
        {
            "conversation": selectors.row(conversation) if conversation else None,
            "conversation_id": conversation_id,
            "thread": thread,
            "groups": sidebar.groups,
            "next_cursor": sidebar.next_cursor,
            "aliases": aliases,
            "statuses": statuses,
            "selected_model": selected,
            "most_pictures": attachments.MOST,
            "sees": any("vision" in m.capabilities and m.id == selected for m in offered),
            "built_in": any(model.built_in and model.id == selected for model in offered),
            "nonce": uuid4().hex,
            "draws": async_to_sync(pictures.possible)(),
        },
    )


def _last_model(request: PageRequest, thread: Thread) -> str:
    """The model that answered last here, else the person's own choice, else the last one used.

    A link may name one: `?model=`.
    """
    if wished := request.GET.get("model"):
        return wished
    answered = [m.model for m in thread.messages if m.model]
    if answered:
        return answered[-1]
    return request.user.default_model or selectors.last_model_for(request.user)


async def _models(
    user: User, wished: str
) -> tuple[tuple[ModelInfo, ...], tuple[BackendStatus, ...], str]:
    registry, asker = get_registry(), user.asker
    listed = await registry.models(can="chat", asker=asker)
    aliases = tuple(each for each in listed if each.alias_of)
    statuses = await registry.statuses(can="chat", asker=asker)
    return aliases, statuses, await registry.default_model(wished, asker=asker)


@login_required
@require_GET
def listing(request: PageRequest) -> HttpResponse:
    """A page of the sidebar."""
    sidebar = selectors.sidebar_for(request.user, request.GET.get("before", ""))
    return render(
        request,
        "conversations/_sidebar_groups.html" if request.htmx else "conversations/list.html",
        {"groups": sidebar.groups, "next_cursor": sidebar.next_cursor, "continued": True},
    )


@login_required
@require_http_methods(["GET", "POST"])
async def rename(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    response = await sync_to_async(_rename)(request, conversation_id)
    if request.method == "POST" and response.status_code != 422:
        await announce(conversation_group(conversation_id), "conversation.entitled")
        await announce_row(request.user, conversation_id, request.headers.get("X-Tab", ""))
    return response


def _rename(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    conversation = _own(request, conversation_id)
    form = RenameForm(request.POST or None, initial={"title": conversation.title})
    if request.method == "POST" and form.is_valid():
        conversation = services.rename(request.user, conversation_id, form.cleaned_data["title"])
        if not request.htmx:
            return redirect("conversations:show", conversation_id)
        return render(
            request,
            "conversations/_conversation_row.html",
            {"row": selectors.row(conversation), "conversation_id": _shown_at(request)},
        )
    template = "_rename_form.html" if request.htmx else "rename.html"
    return render(
        request,
        f"conversations/{template}",
        {"form": form, "conversation": selectors.row(conversation)},
        status=422 if form.errors else 200,
    )


@login_required
@require_http_methods(["GET", "POST"])
async def delete(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    response = await sync_to_async(_delete)(request, conversation_id)
    if request.method == "POST":
        await runner.stop(conversation_id)
        # Before the pages of the conversation itself close their sockets.
        await announce_row(request.user, conversation_id, request.headers.get("X-Tab", ""))
        await announce(conversation_group(conversation_id), "conversation.deleted")
    return response


def _delete(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    conversation = _own(request, conversation_id)
    if request.method == "POST":
        shown = _shown_at(request) == conversation_id
        services.delete(request.user, conversation_id)
        if not request.htmx:
            return redirect("conversations:new")
        # An empty answer removes the row; the page of what is gone gives way to a new chat.
        return HttpResponse(headers={"HX-Redirect": "/"} if shown else {})
    template = "_delete_confirm.html" if request.htmx else "delete.html"
    return render(
        request, f"conversations/{template}", {"conversation": selectors.row(conversation)}
    )


def _shown_at(request: PageRequest) -> UUID | None:
    """The conversation that the page shows from which htmx sent the request."""
    path = request.htmx.current_url_abs_path or "" if request.htmx else ""
    return _uuid(path.removeprefix("/c/").partition("/")[0])


@login_required
@require_POST
async def select(request: PageRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Show another sibling and what follows it, in every tab."""
    response = await sync_to_async(_select)(request, conversation_id, message_id)
    await announce(conversation_group(conversation_id), "thread.changed")
    return response


def _select_own(request: PageRequest, conversation_id: UUID, message_id: UUID) -> None:
    try:
        services.select(request.user, conversation_id, message_id)
    except Message.DoesNotExist:
        raise Http404 from None


def _select(request: PageRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    _select_own(request, conversation_id, message_id)
    if not request.htmx:
        return redirect("conversations:show", conversation_id)
    thread = selectors.thread_for(request.user, conversation_id)
    return _thread(request, conversation_id, thread, "_thread.html")


@login_required
@require_GET
def thoughts(request: PageRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """What a model thought before it gave this answer."""
    try:
        message = selectors.message_for(request.user, conversation_id, message_id)
    except Message.DoesNotExist:
        raise Http404 from None
    if not request.htmx:
        return redirect("conversations:at", conversation_id, message_id)
    blocks = [mark_safe(html) for html in markdown.render(message.reasoning)]  # noqa: S308 - sanitised
    return render(request, "conversations/_thoughts.html", {"blocks": blocks})


@login_required
@require_GET
def earlier(request: PageRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """The part of the shown branch above a message."""
    _own(request, conversation_id)
    thread = selectors.thread_for(request.user, conversation_id, before=message_id)
    if not request.htmx:
        return _chat(request, conversation_id, _own(request, conversation_id), thread)
    return _thread(request, conversation_id, thread, "_earlier.html")


def _thread(
    request: PageRequest, conversation_id: UUID, thread: Thread, template: str
) -> HttpResponse:
    context: dict[str, Any] = {"thread": thread, "conversation_id": conversation_id}
    return render(request, f"conversations/{template}", context)


def _own(request: PageRequest, conversation_id: UUID) -> Conversation:
    try:
        return selectors.conversation_for(request.user, conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None
