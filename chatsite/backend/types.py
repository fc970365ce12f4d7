"""The values and events that pass between the site and a model. All frozen; none knows Django."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chatsite.backend.errors import BackendError

Role = Literal["system", "developer", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
Capability = Literal[
    "chat", "tools", "vision", "json_schema", "logprobs", "prefill", "embeddings", "reasoning",
    "images", "image_edits", "image_variations",
]  # fmt: skip

ImageOperation = Literal["generation", "edit", "variation"]

ContentPart = Mapping[str, Any]
"""One part of a message's content, in OpenAI's own form (`{"type": "text", "text": ...}`)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `extra` carries what only tool use needs: tool_calls, tool_call_id, name."""

    role: Role
    content: str | tuple[ContentPart, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words of the message, without pictures and files."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(str(p["text"]) for p in self.content if p.get("type") == "text")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request for one or several answers.

    `params` holds OpenAI's sampling and output parameters under OpenAI's own names, already
    validated; `max_tokens` is None when the caller set no bound. `continue_last` asks the model
    to go on from the text of a closing assistant message instead of answering anew. `on_behalf`
    tells one person's requests from another's, so that a backend can be fair.
    """

    model: str
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int | None = None
    n: int = 1
    continue_last: bool = False
    on_behalf: str = ""


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """Texts, or lists of the model's own tokens, to turn into vectors.

    `dimensions` asks for shorter vectors than the model's own. `on_behalf` is as in ChatRequest.
    """

    model: str
    inputs: tuple[str | tuple[int, ...], ...]
    dimensions: int | None = None
    on_behalf: str = ""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A request for pictures, made from words, from other pictures, or both.

    `size` is (width, height) in pixels, None for what the model thinks best. `images` are encoded
    pictures to begin with; where `mask` is transparent the first of them may change. `scene` is
    what the same backend left with that picture, `params` OpenAI's other parameters under their
    own names. `key` is the same when a request is made again after a crash, and `made` counts the
    pictures that were done before that.
    """

    model: str
    operation: ImageOperation
    prompt: str = ""
    n: int = 1
    size: tuple[int, int] | None = None
    seed: int | None = None
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    scene: Mapping[str, Any] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    made: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one request. `exact` is False where no upstream reported them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    exact: bool = True

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Embeddings:
    """A vector of 32-bit floats for each input, in their order."""

    vectors: tuple[array[float], ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be picked. `id` is its public name, `upstream_id` its backend's own.

    `alias_of` is the id of the model that an alias stands for, "" of a model.
    """

    id: str
    backend: str
    upstream_id: str
    context_window: int | None = None
    owned_by: str = "chatsite"
    created: int = 0
    capabilities: frozenset[Capability] = frozenset({"chat"})
    description: str = ""
    built_in: bool = False
    """It shipped with the site, or was tuned from what did: no author of titles and prompts."""
    max_tokens_name: str = "max_tokens"
    side: int = 0
    """Of a model that makes pictures: the length in pixels of a side that suits it, or 0."""
    error: str = ""
    """Why it is known and yet cannot be used, for example a truncated file."""
    alias_of: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that stands for a model.

    `earlier` are the models it stood for before, the last one first: they serve, in this order,
    where the model is not there any more. While there is a `trial`, named by its id, the
    `candidate` serves a `share` of conversations, from 0 to 1.
    """

    name: str
    model: str
    earlier: tuple[str, ...] = ()
    candidate: str = ""
    share: float = 0.0
    trial: str = ""

    @property
    def label(self) -> str:
        """The name for people: "Starter (latest)"."""
        base, _, tag = self.name.partition(":")
        return f"{base.capitalize()} ({tag})" if tag else base.capitalize()

    @property
    def chain(self) -> tuple[str, ...]:
        """The models that may serve, the first that is there."""
        return (self.model, *self.earlier)

    def draws_candidate(self, draw: str) -> bool:
        """Whether the candidate serves what `draw` identifies: always the same for one trial."""
        if not self.candidate or not draw:
            return False
        drawn = hashlib.blake2b(f"{self.trial}:{draw}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) < self.share * 2**64


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """How one backend is doing, for the models page and the picker."""

    name: str
    label: str
    models: tuple[ModelInfo, ...]
    error: str = ""

    @property
    def up(self) -> bool:
        return not self.error


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """The tokens of several texts, and whether the model's own tokenizer counted them.

    `overhead` is what the chat template adds to each message.
    """

    each: tuple[int, ...]
    exact: bool
    overhead: int = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """A moderator's view of a text: OpenAI's moderation categories and scores from 0 to 1."""

    flagged: bool
    categories: Mapping[str, bool]
    scores: Mapping[str, float]

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(name for name, hit in self.categories.items() if hit)


# --- events of one completion: Accepted, perhaps Queued and Reading, then Delta and ChoiceFinished,
# then Finished or Failed


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request passed the gateway. `omitted` earlier messages did not fit the window."""

    model: str
    omitted: int = 0
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Queued:
    """The model is busy: `place - 1` other answers come before this one, or 0: its turn has come.

    Said whenever the place has changed, and every few seconds while it has not.
    """

    place: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The model has read this share of the prompt, from 0 to 1.

    Said by servers that tell, of prompts that take them longer than a second.
    """

    share: float


@dataclass(frozen=True, slots=True)
class Delta:
    """More of the answer to choice `index`; logprobs and tool calls in OpenAI's own form.

    `pieces` are the model's own parts of `text` where several came at once, else empty.
    """

    text: str = ""
    index: int = 0
    reasoning: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    logprobs: Mapping[str, Any] | None = None
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceFinished:
    """Choice `index` has ended."""

    reason: FinishReason
    index: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """Every choice has ended; this is what it used."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class ImageProgress:
    """Picture `index` is so far done, from 0 to 1; `preview` is how it looks, encoded, or b""."""

    index: int
    done: float
    preview: bytes = b""


@dataclass(frozen=True, slots=True)
class ImageMade:
    """Picture `index` is done: an encoded file. `revised_prompt` is what was drawn, in words.

    `scene` is for the backend itself, when the picture is to be changed.
    """

    index: int
    data: bytes
    revised_prompt: str = ""
    seed: int | None = None
    scene: Mapping[str, Any] | None = None
    usage: Usage | None = None


ImageEvent = ImageProgress | ImageMade


@dataclass(frozen=True, slots=True)
class Failed:
    """The completion ended early."""

    error: BackendError


BackendEvent = Queued | Reading | Delta | ChoiceFinished | Finished
Event = Accepted | BackendEvent | Failed
