"""A short prompt made into a full description by the chat model, before anything is drawn."""

from __future__ import annotations

from contextlib import aclosing

from accounts import ledger, limits
from accounts.models import User
from accounts.types import Caller
from chatsite.backend import tokens
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.reasoning import Reasoning
from chatsite.backend.registry import Resolved, get_registry
from chatsite.backend.types import ChatRequest, Delta, Finished, Message, Usage
from images import services

LONGEST = 4000
"""Characters of a prompt, before and after."""
MOST_TOKENS = 400
SYSTEM = (
    "You prepare descriptions for a model that draws pictures. Rewrite the user's description so "
    "that it can be drawn well: say what is there and how many, what it looks like, where it "
    "stands, the surroundings, the light and the style. Keep everything that was asked for, invent "
    "nothing that contradicts it, and stay in the user's language. At most 80 words. Answer with "
    "the description alone."
)


async def writer_for(user: User) -> Resolved | None:
    """The chat model that can rewrite prompts for this person; None where only the built-in
    starter is there, which is too small to help."""
    registry = get_registry()
    chosen = await registry.default_model(user.default_model, asker=user.asker)
    known = await registry.models(can="chat", asker=user.asker)
    able = [model for model in known if not model.built_in]
    model = next((each for each in able if each.id == chosen), able[0] if able else None)
    return None if model is None else await registry.resolve(model.id)


async def expand(caller: Caller, prompt: str) -> str:
    """The prompt as the chat model would say it at length. Raises BackendError."""
    prompt = prompt.replace("\x00", "").strip()
    if not 0 < len(prompt) <= LONGEST:
        raise InvalidRequest(f"Describe a picture in 1 to {LONGEST} characters.", param="prompt")
    await limits.admit(caller)
    resolved = await writer_for(caller.user)
    if resolved is None:
        raise InvalidRequest("No chat model that could improve a prompt is connected.")
    await services.moderate(prompt)
    request = ChatRequest(
        model=resolved.model.id,
        messages=(Message("system", SYSTEM), Message("user", prompt)),
        max_tokens=MOST_TOKENS,
        on_behalf=str(caller.user.pk),
    )
    charge = ledger.begin(
        caller,
        model=resolved.model.id,
        backend=resolved.backend.name,
        operation="expansion",
    )
    given = tokens.estimate(SYSTEM + prompt)
    await ledger.reserve(charge, caller, prompt_tokens=given, answer_tokens=MOST_TOKENS)
    usage, outcome, said = Usage(prompt_tokens=given, exact=False), "failed", ""
    thoughts = Reasoning()
    try:
        async with aclosing(resolved.backend.stream(request, resolved.model)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    said += thoughts.take(event)
                elif isinstance(event, Finished):
                    usage = event.usage
        outcome = "finished"
    finally:
        await ledger.settle(charge, usage, outcome)  # type: ignore[arg-type]  # one of Outcome
    said = (said + thoughts.rest()).strip().strip("\"“”'").strip()
    if not said:
        raise InvalidRequest("The chat model had nothing to add.")
    await services.moderate(said)
    return said[:LONGEST]
