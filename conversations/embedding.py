"""The one way from texts to vectors: limits -> validate -> the model -> the ledger."""

from __future__ import annotations

import time

from accounts import keys, ledger, limits
from chatsite.backend import context, errors, tokens
from chatsite.backend.registry import Resolved, get_registry
from chatsite.backend.types import EmbeddingRequest, Embeddings, Usage
from conversations.completion import Origin, open_charge


async def embed(request: EmbeddingRequest, origin: Origin) -> tuple[Embeddings, str]:
    """A vector for each input of the request, and the id of the model that made them.

    Every accepted request is one row of the ledger.

    Raises BackendError, ContextLengthExceeded among them where an input is too long.
    """
    await limits.admit(origin.caller)
    resolved = await get_registry().resolve(
        request.model, can="embeddings", asker=origin.caller.user.asker
    )
    keys.require_model(origin.caller, *resolved.names)
    _validate(request, resolved)
    charge = open_charge(origin, resolved)
    await ledger.reserve(charge, origin.caller, prompt_tokens=_estimate(request))
    asked = time.perf_counter()
    usage = Usage()
    status: ledger.Outcome = "stopped"
    try:
        made = await resolved.backend.embed(request, resolved.model)
        usage = made.usage
        status = "finished"
    except errors.BackendError:
        status = "failed"
        raise
    finally:
        origin.caller.exchange.waited += time.perf_counter() - asked
        await ledger.settle(charge, usage, status)
    return made, resolved.model.id


def _estimate(request: EmbeddingRequest) -> int:
    return sum(
        tokens.estimate(each) if isinstance(each, str) else len(each) for each in request.inputs
    )


def _validate(request: EmbeddingRequest, resolved: Resolved) -> None:
    """Refuse what cannot fit the window, before any server counts it."""
    window = resolved.model.context_window or context.LARGEST_WINDOW
    for number, given in enumerate(request.inputs):
        is_text = isinstance(given, str)
        if len(given) > window * (context.MAX_BYTES_PER_TOKEN if is_text else 1):
            raise errors.ContextLengthExceeded(
                f"This model's maximum context length is {window} tokens, however input {number} "
                f"has {len(given)} {'characters' if is_text else 'tokens'}. Please shorten it.",
                param="input",
            )
