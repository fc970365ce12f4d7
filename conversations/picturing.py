"""Pictures in conversations: when one is wanted, and how it gets its place in the thread.

A model that calls tools is offered one that draws (`picture_tool`) and decides by itself; with any
other one it is the words that tell. A command and the page's button need neither.
"""

from __future__ import annotations

import re
from uuid import UUID

from asgiref.sync import sync_to_async

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.pictures import painter, possible
from conversations import picture_tool, selectors, services
from conversations.picture_tool import Wish
from conversations.services import Turn

LONGEST_CHANGE = 160
"""Characters; whoever writes more after a picture wants to talk about it."""
_COMMAND = re.compile(r"/(?:draw|picture|image)\b[:\s]*", re.IGNORECASE)
_POLITE = (
    r"(?:(?:please|now|hey|hi|ok|okay|so)[,!]?\s+)*"
    r"(?:(?:can|could|would|will)\s+you\s+)?(?:please\s+)?"
)
_DRAW = re.compile(
    _POLITE + r"(?:(?:draw|paint|sketch|illustrate)\s+(?:(?:me|us)\s+)?(?!up\b|out\b|from\b|on\b)"
    r"|(?:draw|paint|sketch|make|create|generate|show)\s+(?:me\s+|us\s+)?(?:a|an|another|the)\s+"
    r"(?:picture|image|painting|drawing|illustration|sketch)\s+(?:of|with|showing|that shows)\s+)",
    re.IGNORECASE,
)
# Things that are drawn with words alone.
_NO_PICTURE = re.compile(
    r"(?:(?:a|an|the|some|any|your|my)\s+)?(?:\w+\s+){0,2}(?:conclusions?|comparisons?|parallels?|"
    r"distinctions?|inferences?|attention|lessons?|analog(?:y|ies)|blanks?|lots?|"
    r"boundary|boundaries|salary|breath)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"(?:please\s+)?(?:(?:and|but|now|then|ok|okay)[,\s]+)*(?:now\b|(?:make|add|remove|delete|erase|change|turn|move|put|give|"
    r"replace|recolou?r|paint|draw|zoom|rotate|flip|show|take|swap|let|try|use)\b|"
    r"(?:the\s+)?same\b|with(?:out)?\b|as\b|in\b|at\b|on\b|but\b|more\b|less\b|fewer\b|another\b|"
    r"again\b|bigger\b|smaller\b|larger\b|darker\b|brighter\b|no\s+\w+)",
    re.IGNORECASE,
)


def wish(text: str, *, before: UUID | None, picked: bool) -> Wish | None:
    """The picture that a message asks for, or None where it wants to be answered.

    `before` is the drawing that stands right before the message, if one does; `picked` says that
    the person has chosen to have a picture. Raises InvalidRequest for a command without words.
    """
    text = text.strip()
    if command := _COMMAND.match(text):
        words = text[command.end() :].strip()
        if not words:
            raise InvalidRequest("Say what to draw, for example: /draw a fox beside a lake")
        return Wish(words)
    if words := _drawn(text):
        return Wish(words)
    if before is not None and _may_change(text):
        return Wish(text, before)
    return Wish(text) if picked and text else None


def _drawn(text: str) -> str:
    """What these words say is to be drawn, "" where they say nothing of the kind."""
    drawn = _DRAW.match(text)
    words = text[drawn.end() :].strip().rstrip("?").strip() if drawn else ""
    return words if words.strip(" !.") and not _NO_PICTURE.match(words) else ""


def demands(text: str) -> bool:
    """Whether the words leave no doubt that they want a picture."""
    return bool(_drawn(text.strip()))


async def likely(user: User, conversation_id: UUID, text: str) -> bool:
    """Whether these words, said next in the person's conversation, may well want a picture."""
    if demands(text):
        return True
    if not _may_change(text.strip()):
        return False
    before = await sync_to_async(selectors.drawing_before)(user, conversation_id)
    return before is not None


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
    before = None
    if _may_change(text.strip()):
        before = await sync_to_async(selectors.drawing_before)(
            user, conversation_id, instead_of=instead_of
        )
    found = wish(text, before=before, picked=picked)
    if found is None or (not at_once and await picture_tool.offered(model, conversation_id)):
        return None
    if await possible():
        return found
    if at_once:
        raise InvalidRequest("No model that makes pictures is served here.")
    return None


def _may_change(text: str) -> bool:
    """Whether this would change a picture, if it were said right after one."""
    short = len(text) <= LONGEST_CHANGE and not text.endswith("?")
    return short and _CHANGE.match(text) is not None


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
    drawing = await site.order(user, wish.words, after=wish.after)
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
