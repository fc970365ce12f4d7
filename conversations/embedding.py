"""The one way from texts to vectors: limits -> validate -> the model -> the ledger."""

from __future__ import annotations

import asyncio
import time

from asgiref.sync import sync_to_async

from accounts import services as accounts
from chatsite.backend import context, errors
from chatsite.backend.registry import Resolved, get_registry
from chatsite.backend.types import EmbeddingRequest, Embeddings, Usage
from conversations.completion import Origin, Outcome


async def embed(request: EmbeddingRequest, origin: Origin) -> Embeddings:
    """A vector for each input of the request. Every accepted request is one row of the ledger.

    Raises BackendError, ContextLengthExceeded among them where an input is too long.
    """
    await accounts.acheck_limits(origin.caller)
    resolved = await get_registry().resolve(request.model, can="embeddings")
    _validate(request, resolved)
    started = time.perf_counter()
    usage = Usage()
    status: Outcome = "stopped"
    try:
        made = await resolved.backend.embed(request, resolved.model)
        usage = made.usage
        status = "finished"
    except errors.BackendError:
        status = "failed"
        raise
    finally:
        # Shielded: what was used is charged, though the client may have gone away.
        await asyncio.shield(_record(origin, resolved, usage, status, started))
    return made


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


async def _record(
    origin: Origin,
    resolved: Resolved,
    usage: Usage,
    status: Outcome,
    started: float,
) -> None:
    await sync_to_async(accounts.record_usage)(
        origin.caller,
        model=resolved.model.id,
        backend=resolved.backend.name,
        usage=usage,
        status=status,
        duration_ms=round(1000 * (time.perf_counter() - started)),
        request_id=origin.request_id,
        operation="embedding",
    )
