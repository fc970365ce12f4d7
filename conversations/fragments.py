"""The pieces of HTML that a socket sends: the page's own partials, for out-of-band swaps."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from conversations.models import Message
from conversations.opinions import Pair, reasons_to_offer
from conversations.selectors import ConversationRow
from conversations.threads import MessageView, Thread, thought_for

ENDINGS: dict[str, str] = {
    Message.Status.COMPLETE: "Answer complete.",
    Message.Status.STOPPED: "Answer stopped.",
    Message.Status.INTERRUPTED: "Answer interrupted.",
    Message.Status.FAILED: "The answer failed.",
}


def thread(conversation_id: UUID, shown: Thread) -> str:
    """The whole thread, and whether an answer is being written in it."""
    context = {"thread": shown, "conversation_id": conversation_id, "oob": True}
    html = render_to_string("conversations/_thread.html", context)
    return html + run_state(running=shown.running) + page_state(conversation_id, shown)


def added(conversation_id: UUID, new: Thread) -> str:
    """New messages at the end of the thread, the last of which is being written or drawn."""
    html = "".join(message(conversation_id, view) for view in new.messages)
    return (
        f'<div hx-swap-oob="beforeend:#thread-messages">{html}</div>'
        + run_state(running=new.running)
        + page_state(conversation_id, new)
        + announcement("Answering…" if new.running else "Drawing…")
    )


def ended(conversation_id: UUID, closed: Thread) -> str:
    """An answer that is being written no more."""
    [view] = closed.messages
    return (
        message(conversation_id, view, oob=True)
        + (choice(conversation_id, closed.pair) if closed.pair else "")
        + run_state(running=closed.running)
        + page_state(conversation_id, closed)
        + announcement("Drawing…" if view.drawing else ENDINGS.get(view.status, ""))
    )


def message(conversation_id: UUID, view: MessageView, *, oob: bool = False) -> str:
    context = {"message": view, "conversation_id": conversation_id, "oob": oob}
    return render_to_string("conversations/_message.html", context)


def choice(conversation_id: UUID, pair: Pair) -> str:
    """The question which of two answers is better, as soon as both are there."""
    context = {"pair": pair, "conversation_id": conversation_id, "oob": True}
    return render_to_string("conversations/_choice.html", context)


def thumbs(conversation_id: UUID, view: MessageView, *, focus: bool = False) -> str:
    """The thumbs of an answer as they are given now."""
    context = {"message": view, "conversation_id": conversation_id, "oob": True, "focus": focus}
    return render_to_string("conversations/_thumbs.html", context)


def opinion(
    conversation_id: UUID,
    view: MessageView,
    *,
    oob: bool = True,
    **context: object,
) -> str:
    """What is said below an answer that was rated; `context` is as the template has it."""
    context |= {"message": view, "conversation_id": conversation_id, "oob": oob}
    if view.opinion is not None:
        context |= {"reasons": reasons_to_offer(view.opinion)}
    return render_to_string("conversations/_opinion.html", context)


def patch(message_id: str, had: int, first: int, blocks: Sequence[str]) -> str:
    """Replace the blocks from `first` on of an answer of which the page shows `had`."""
    parts: list[str] = []
    more: list[str] = []
    for index, html in enumerate(blocks, start=first):
        replaces = index < had
        (parts if replaces else more).append(
            render_to_string(
                "conversations/_block.html",
                {
                    "message_id": message_id,
                    "index": index,
                    "html": mark_safe(html),  # noqa: S308 - sanitised by the renderer
                    "oob": "outerHTML" if replaces else "",
                },
            )
        )
    if more:
        parts.append(f'<div hx-swap-oob="beforeend:#m-{message_id}-body">{"".join(more)}</div>')
    parts.extend(
        f'<div id="m-{message_id}-b{index}" hx-swap-oob="delete"></div>'
        for index in range(first + len(blocks), had)
    )
    return "".join(parts)


def reasoning(conversation_id: UUID, message_id: UUID, tail: str, milliseconds: int) -> str:
    """The newest of what a model thinks; once it answers (no `tail`), for how long it thought."""
    context = {
        "conversation_id": conversation_id,
        "message_id": message_id,
        "thought": "" if tail else thought_for(milliseconds),
        "tail": tail,
        "oob": True,
    }
    return render_to_string("conversations/_reasoning.html", context)


def queued(message_id: str, place: int) -> str:
    """Where an answer stands among those that wait for the model."""
    context = {"message_id": message_id, "place": place, "oob": True}
    return render_to_string("conversations/_queued.html", context)


def read(message_id: str, percent: int, *, begins: bool) -> str:
    """How much of the prompt the model has read. Words are put to the bar where it `begins`."""
    context = {"message_id": message_id, "percent": percent, "place": 0, "oob": True}
    template = "conversations/_queued.html" if begins else "conversations/_read.html"
    return render_to_string(template, context)


def run_state(*, running: bool) -> str:
    return render_to_string("conversations/_run_state.html", {"running": running, "oob": True})


def page_state(conversation_id: UUID, shown: Thread) -> str:
    context = {
        "url": reverse("conversations:show", args=[conversation_id]),
        "title": shown.title,
        "version": shown.version,
        "oob": True,
    }
    return render_to_string("conversations/_page_state.html", context)


def top_row(row: ConversationRow, current: UUID) -> str:
    """A conversation's row at the top of today's; the page takes its old one away."""
    context = {"row": row, "conversation_id": current}
    html = render_to_string("conversations/_conversation_row.html", context)
    return f'<ul hx-swap-oob="afterbegin:#conversations-today">{html}</ul>'


def row(shown: ConversationRow, current: UUID) -> str:
    """A conversation's row in the place where it is."""
    context = {"row": shown, "conversation_id": current, "oob": True}
    return render_to_string("conversations/_conversation_row.html", context)


def no_row(conversation_id: UUID) -> str:
    return f'<li id="conversation-{conversation_id}" hx-swap-oob="delete"></li>'


def nonce(acknowledged: str) -> str:
    context = {"nonce": uuid4().hex, "acknowledged": acknowledged, "oob": True}
    return render_to_string("conversations/_nonce.html", context)


def problem(words: str = "") -> str:
    return render_to_string("conversations/_problem.html", {"problem": words, "oob": True})


def announcement(words: str) -> str:
    return render_to_string(
        "conversations/_announcement.html", {"announcement": words, "oob": True}
    )
