"""The websocket of one conversation: what the person does there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID, uuid4

import orjson
from asgiref.sync import sync_to_async

from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.registry import get_registry
from conversations import comparisons, fragments, picturing, runner, seeing, selectors, services
from conversations.announcing import announce, announce_touched, conversation_group
from conversations.models import Conversation, Message
from conversations.watching import NOT_SIGNED_IN, Watcher

LONGEST_FRAME = 1_000_000

T = TypeVar("T")


class SignedOut(Exception):
    """The person behind a socket is not signed in any more."""


class ConversationConsumer(Watcher):
    """Actions come as JSON objects: `ask`, `edit`, `regenerate` and the others in ACTIONS."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "user") or text_data is None:
            return
        if len(text_data) > LONGEST_FRAME:
            await self._show_problem(f"This is too long: {services.MAX_TEXT:,} characters at most.")
            return
        try:
            sent = orjson.loads(text_data)
            action = self.ACTIONS.get(sent.get("action"))
        except (orjson.JSONDecodeError, AttributeError, TypeError):
            return
        if action is None:
            return
        try:
            await action(self, sent)
        except SignedOut:
            await self.close(NOT_SIGNED_IN)
        except BackendError as error:
            await self._show_problem(error.message)
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            await self._show_problem("This conversation or message does not exist any more.")

    # --- what the person does

    async def _ask(self, sent: dict[str, Any]) -> None:
        nonce = _text(sent, "nonce")[:64] or uuid4().hex
        pictures = _pictures(sent)
        if pictures and _text(sent, "mode") == "picture":
            raise InvalidRequest(
                "Nothing can be drawn of an attached picture here. Take it off, or change it on "
                "the page Pictures."
            )
        if not pictures and await self._pictured(sent, nonce):
            return
        model, text = await self._model(sent), _text(sent, "text")
        if pictures:
            await seeing.require_sight(self.user, model, self.conversation_id)
        # What was said of a picture teaches a model of words nothing.
        comparable = "" if pictures else await comparisons.comparable(model)
        if comparable and await picturing.likely(self.user, self.conversation_id, text):
            comparable = ""  # both answers would be words
        turn = await self._do(
            comparisons.ask,
            text=text,
            model=model,
            nonce=nonce,
            pictures=pictures,
            comparable=comparable,
        )
        await self._begin(turn, nonce)

    async def _edit(self, sent: dict[str, Any]) -> None:
        nonce = _text(sent, "nonce")[:64] or uuid4().hex
        model = await self._model_that_sees(sent)
        if model is None and await self._pictured(sent, nonce, instead_of=_identifier(sent)):
            return
        turn = await self._do(
            services.edit,
            _identifier(sent),
            text=_text(sent, "text"),
            model=model or await self._model(sent),
            nonce=nonce,
        )
        await self._begin(turn, nonce)

    async def _pictured(
        self, sent: dict[str, Any], nonce: str, instead_of: UUID | None = None
    ) -> bool:
        """Answer with a picture, if that is what was asked for."""
        text, picked = _text(sent, "text"), _text(sent, "mode") == "picture"
        wish = await picturing.wanted(
            self.user,
            self.conversation_id,
            text,
            picked=picked,
            model=_text(sent, "model") or self.user.default_model,
            instead_of=instead_of,
        )
        if wish is None:
            return False
        if not await sync_to_async(self._still_welcome)():
            raise SignedOut
        turn = await picturing.draw(
            self.user,
            self.conversation_id,
            wish,
            text=text,
            model=_text(sent, "model")[:200],
            nonce=nonce,
            instead_of=instead_of,
        )
        self.owns = True
        if not turn.repeated:
            await self._tell(turn)
        await self._acknowledge(turn, nonce)
        return True

    async def _regenerate(self, sent: dict[str, Any]) -> None:
        model = await self._model_that_sees(sent) or await self._model(sent)
        turn = await self._do(services.regenerate, _identifier(sent), model=model)
        await self._begin(turn)

    async def _redraw(self, sent: dict[str, Any]) -> None:
        if not await sync_to_async(self._still_welcome)():
            raise SignedOut
        turn = await picturing.redraw(self.user, self.conversation_id, _identifier(sent))
        self.owns = True
        await self._tell(turn)
        await self._acknowledge(turn, "")

    async def _continue(self, sent: dict[str, Any]) -> None:
        await self._begin(await self._do(services.continue_answer, _identifier(sent)))

    async def _stop(self, sent: dict[str, Any]) -> None:
        # Whoever connected before the conversation existed need not be its owner.
        await self._do(selectors.conversation_for)
        await runner.stop(self.conversation_id)

    ACTIONS: dict[Any, Callable[[ConversationConsumer, dict[str, Any]], Awaitable[None]]] = {
        "ask": _ask,
        "edit": _edit,
        "regenerate": _regenerate,
        "retry": _regenerate,
        "redraw": _redraw,
        "continue": _continue,
        "stop": _stop,
    }

    async def _do(self, act: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a service as the person, if that still is somebody who is signed in."""

        def act_as_person() -> T:
            if not self._still_welcome():
                raise SignedOut
            return act(self.user, self.conversation_id, *arguments, **named)

        done = await sync_to_async(act_as_person)()
        self.owns = True  # or the service would have refused
        return done

    async def _model(self, sent: dict[str, Any]) -> str:
        wished = _text(sent, "model") or self.user.default_model
        model = wished or await get_registry().default_model(asker=self.user.asker)
        if not model:
            raise InvalidRequest("No model can be reached now. The models page says why.")
        return model

    async def _model_that_sees(self, sent: dict[str, Any]) -> str | None:
        """The model that is to say something else of pictures; None where there are none."""
        if not await self._do(selectors.is_of_pictures, _identifier(sent)):
            return None
        model = await self._model(sent)
        await seeing.require_sight(self.user, model, self.conversation_id)
        return model

    async def _begin(self, turn: services.Turn, nonce: str = "") -> None:
        """Start the run, tell every page, and acknowledge the ask to the one that sent it."""
        if turn.run is not None:
            answer = turn.added.messages[-1] if turn.added else None
            draws = turn.second is None  # of two answers that are compared, both are words
            with suppress(BackendError):  # it is told in the message itself
                await runner.start(self.user, turn.run, answer, draws=draws)
            if turn.second is not None:
                with suppress(BackendError):
                    await runner.start(self.user, turn.second, draws=draws)
            await self._tell(turn)
        await self._acknowledge(turn, nonce)

    async def _tell(self, turn: services.Turn) -> None:
        """Tell every page what is new in the thread."""
        group = conversation_group(self.conversation_id)
        if turn.added is None:
            await announce(group, "thread.changed")
        else:
            answer = str(turn.added.messages[-1].id)
            html = fragments.added(self.conversation_id, turn.added)
            await announce(group, "messages.added", answer=answer, html=html)
        if turn.moved:
            await announce_touched(self.user, self.conversation_id)

    async def _acknowledge(self, turn: services.Turn, nonce: str) -> None:
        repeated = await sync_to_async(self._thread)() if turn.repeated else ""
        await self.send(fragments.nonce(nonce) + repeated + fragments.problem())


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    return value if isinstance(value, str) else ""


def _pictures(sent: dict[str, Any]) -> list[UUID]:
    """The attachments that were sent along: a list, or one by itself as a form has it."""
    given = sent.get("attached", [])
    try:
        return [UUID(each) for each in (given if isinstance(given, list) else [given])]
    except (ValueError, TypeError, AttributeError):
        gone = "A picture that was to be sent cannot be found. Attach it again."
        raise InvalidRequest(gone) from None


def _identifier(sent: dict[str, Any]) -> UUID:
    try:
        return UUID(_text(sent, "message"))
    except ValueError:
        raise InvalidRequest("This message does not exist.", param="message") from None
