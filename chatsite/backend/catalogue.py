"""What is known of models beyond the bare ids that most servers list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatsite.backend.imaging.terms import image_capabilities, is_image_model
from chatsite.backend.types import Capability, ModelInfo

# Context windows in tokens, as OpenAI's model pages give them; the longest prefix wins.
CONTEXT_WINDOWS = {
    "gpt-3.5": 16_385,
    "gpt-4": 8_192,
    "gpt-4-turbo": 128_000,
    "gpt-4o": 128_000,
    "gpt-4.1": 1_047_576,
    "gpt-5": 400_000,
    "o1": 200_000,
    "o3": 200_000,
    "o4": 200_000,
    "text-embedding-": 8_192,
}
NOT_CHAT = (
    "whisper", "tts-", "omni-moderation",
    "text-moderation", "babbage", "davinci", "sora", "gpt-realtime", "gpt-audio", "computer-use",
)  # fmt: skip
REASONING = ("o1", "o3", "o4", "gpt-5")
CAPABILITIES: frozenset[Capability] = frozenset(
    {"chat", "tools", "vision", "json_schema", "logprobs"}
)


def is_chat_model(model_id: str) -> bool:
    """Whether a listed model can hold a conversation, as far as its name tells."""
    name = model_id.removeprefix("ft:")
    if is_embedding_model(name) or is_image_model(name):
        return False
    return not name.startswith(NOT_CHAT) and "-transcribe" not in name and "-tts" not in name


def is_served(model_id: str) -> bool:
    """Whether a listed model does anything that this site offers, as far as its name tells."""
    return any(fits(model_id) for fits in (is_chat_model, is_embedding_model, is_image_model))


def is_embedding_model(model_id: str) -> bool:
    """Whether a listed model makes embeddings, as far as its name tells."""
    name = model_id.rpartition("/")[2].lower()
    return "embed" in name or name.startswith(("bge-", "gte-", "e5-", "all-minilm"))


def context_window(model_id: str) -> int | None:
    """The window of a model of OpenAI's by the longest known prefix of its name."""
    name = model_id.removeprefix("ft:")
    known = [prefix for prefix in CONTEXT_WINDOWS if name.startswith(prefix)]
    return CONTEXT_WINDOWS[max(known, key=len)] if known else None


def describe(row: Mapping[str, Any], *, backend: str, prefix: str, window: int | None) -> ModelInfo:
    """A ModelInfo from a row of `GET /v1/models`; vLLM adds `max_model_len` to it."""
    upstream_id = str(row["id"])
    reasoning = upstream_id.startswith(REASONING)
    capabilities: frozenset[Capability] = CAPABILITIES
    if is_embedding_model(upstream_id):
        capabilities = frozenset({"embeddings"})
    elif is_image_model(upstream_id):
        capabilities = image_capabilities(upstream_id)
    elif reasoning:
        capabilities |= {"reasoning"}
    return ModelInfo(
        id=f"{prefix}{upstream_id}",
        backend=backend,
        upstream_id=upstream_id,
        context_window=window or row.get("max_model_len") or context_window(upstream_id),
        owned_by=str(row.get("owned_by") or backend),
        created=int(row.get("created") or 0),
        capabilities=capabilities,
        # OpenAI's reasoning models refuse the older name, other servers may not know the newer.
        max_tokens_name="max_completion_tokens" if reasoning else "max_tokens",
    )
