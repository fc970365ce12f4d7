"""What a backend must do. Adapters implement these protocols; nothing inherits from them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from chatsite.backend.types import (
    Alias,
    BackendEvent,
    ChatRequest,
    EmbeddingRequest,
    Embeddings,
    ImageEvent,
    ImageRequest,
    ModelInfo,
    TokenCounts,
    Verdict,
)


class Backend(Protocol):
    """A server of models, whatever they do."""

    name: str
    label: str
    freshness: float
    """Seconds for which its list of models is believed."""

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models it can serve now. Raises BackendError when it cannot be asked."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class ChatBackend(Backend, Protocol):
    """A server of models that chat or make embeddings, as their capabilities say."""

    def stream(self, request: ChatRequest, model: ModelInfo) -> AsyncGenerator[BackendEvent, None]:
        """Answer the request piece by piece, ending with Finished.

        Closing the generator cancels the work upstream. Raises BackendError.
        """
        ...

    async def embed(self, request: EmbeddingRequest, model: ModelInfo) -> Embeddings:
        """The vectors of the request's inputs. Raises BackendError."""
        ...

    async def count_tokens(self, texts: Sequence[str], model: ModelInfo) -> TokenCounts:
        """The tokens of each text, by the model's own tokenizer where it can be had."""
        ...


class ImageBackend(Backend, Protocol):
    """A server of models that make pictures."""

    def draw(self, request: ImageRequest, model: ModelInfo) -> AsyncGenerator[ImageEvent, None]:
        """Make the request's pictures, with an ImageMade for each as it is done.

        Closing the generator cancels the work. Raises BackendError.
        """
        ...


class Moderator(Protocol):
    """Judges text against OpenAI's moderation categories."""

    async def check(self, text: str) -> Verdict:
        """The verdict on one text. Raises BackendError when it cannot be asked."""
        ...


class AliasSource(Protocol):
    """Where the aliases are kept. It is asked with every request, and remembers what it knows."""

    async def current(self) -> Mapping[str, Alias]:
        """The aliases by their names, as they were a few seconds ago at most."""
        ...

    async def withheld(self) -> Mapping[str, str]:
        """The ids of models that are not for everybody, each with whom it is for beside the
        administrators ("" for nobody). As old as the above; checkpoints are not named."""
        ...

    def forget(self) -> None:
        """Look anew when it is asked next: something has been changed."""
        ...
