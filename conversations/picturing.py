"""Pictures in conversations: when one is wanted, and how it gets its place in the thread.

A model that calls tools is offered one that draws (`picture_tool`) and decides by itself; with any
other one it is the words that tell. A command and the page's button need neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from asgiref.sync import sync_to_async

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.pictures import painter, possible
from conversations import picture_tool, picture_words, selectors, services
from conversations.picture_tool import Line, Wish
from conversations.picture_words import Standing
from conversations.services import Turn

READ = 12
"""Lines above a message in which it is looked up what the last picture shows."""
REACH = 6
"""Lines after which nobody means the picture any more."""
_COMMAND = re.compile(r"^/(?:draw|picture|image)\b[:\s]*", re.IGNORECASE)


def wish(text: str, above: Sequence[Line], *, picked: bool) -> Wish | None:
    """The picture that a message asks for, or None where it wants to be answered.

    `above` is what stands above it, the last line last; `picked` says that the person has chosen
    to have a picture. Raises InvalidRequest for a command without words.
    """
    text = text.strip()
    command = _COMMAND.match(text)
    words = text[command.end() :].strip() if command else text
    if command and not words:
        raise InvalidRequest("Say what to draw, for example: /draw a fox beside a lake")
    if again := _of_the_last(words, above, changed=command is None):
        return again
    if words := words if command else picture_words.to_draw(text):
        return Wish(words)
    return Wish(text) if picked and text else None


def _of_the_last(words: str, above: Sequence[Line], *, changed: bool) -> Wish | None:
    """The last picture once more or, where it may be, changed, if the words say so."""
    captions = " ".join(line.shown for line in above)
    for back, line in enumerate(reversed(above[-REACH - 1 :])):
        if line.drawing is not None:
            since = [said.text for said in above[len(above) - back :] if said.role == "user"]
            standing = picture_words.standing(captions, since)
            if picture_words.once_more(words, standing):
                return Wish(line.shown, line.drawing, anew=True)
            if changed and picture_words.changes(words, captions, standing):
                return Wish(words, line.drawing)
            return None
    return None


def demands(text: str) -> bool:
    """Whether the words leave no doubt that they want a picture."""
    text = text.strip()
    return bool(picture_words.to_draw(text)) or picture_words.once_more(text, Standing.APART)


async def likely(user: User, conversation_id: UUID, text: str) -> bool:
    """Whether these words, said next in the person's conversation, may well want a picture."""
    return await _wish_in(user, conversation_id, text, picked=False) is not None


async def wanted(
    user: User,
    conversation_id: UUID,
    text: str,
    *,
    picked: bool,
    model: str = "",
    instead_of: UUID | None = None,
) -> Wish | None:
    """As `wish`, in the person's conversation and with the site's painter, if it has one.

    None, too, where `model`, which is to answer, draws by itself. `instead_of` is the message in
    whose place it is said. Raises InvalidRequest where a picture was chosen and nothing here makes
    any.
    """
    at_once = picked or _COMMAND.match(text.strip()) is not None
    found = await _wish_in(user, conversation_id, text, picked=picked, instead_of=instead_of)
    if found is None or (not at_once and await picture_tool.offered(model, conversation_id)):
        return None
    if await possible():
        return found
    if at_once:
        raise InvalidRequest("No model that makes pictures is served here.")
    return None


async def _wish_in(
    user: User, conversation_id: UUID, text: str, *, picked: bool, instead_of: UUID | None = None
) -> Wish | None:
    """As `wish`; what stands above is read only for words that may be about a picture there."""

    def read_above() -> Wish | None:
        above = selectors.lines_above(user, conversation_id, most=READ, instead_of=instead_of)
        return wish(text, above, picked=picked)

    if picture_words.may_change(_COMMAND.sub("", text.strip(), count=1)):
        return await sync_to_async(read_above)()
    return wish(text, (), picked=picked)


async def draw(
    user: User,
    conversation_id: UUID,
    wish: Wish,
    *,
    text: str,
    model: str,
    nonce: str,
    instead_of: UUID | None = None,
) -> Turn:
    """Order the picture and give it its place below what was said. `model` is the one picked for
    what will be said next.

    Nothing is saved where it cannot be ordered. Raises BackendError, and as `services.ask`.
    """
    repeated = await sync_to_async(services.was_said)(user, conversation_id, text=text, nonce=nonce)
    if repeated:
        return Turn(conversation_id, None, None, repeated=True)
    site = painter()
    if site is None:
        raise InvalidRequest("No model that makes pictures is served here.")
    drawing = await site.order(user, wish.words, after=wish.after, anew=wish.anew)
    return await sync_to_async(services.show_drawing)(
        user,
        conversation_id,
        text=text,
        caption=wish.caption,
        drawing=drawing,
        model=model,
        nonce=nonce,
        instead_of=instead_of,
    )


async def redraw(user: User, conversation_id: UUID, message_id: UUID) -> Turn:
    """Order another version of the picture in a message, and give it its place beside that.

    Nothing is saved where it cannot be ordered. Raises BackendError, and as `services.regenerate`.
    """
    before = await sync_to_async(services.drawn_message)(user, conversation_id, message_id)
    site = painter()
    if site is None:
        raise InvalidRequest("No model that makes pictures is served here.")
    drawing = await site.order(user, "", after=before.drawing, anew=True)
    return await sync_to_async(services.show_version)(user, conversation_id, message_id, drawing)
