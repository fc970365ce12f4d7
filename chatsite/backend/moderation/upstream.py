"""The moderator behind /v1/moderations of OpenAI, or of any server that speaks its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from chatsite.backend.clients import Server, ask, tried
from chatsite.backend.errors import InvalidRequest, ModelNotFound, UpstreamFailed
from chatsite.backend.moderation.policy import CATEGORIES, CLEAN
from chatsite.backend.types import Verdict

_LABEL = "The moderation service"


class UpstreamModerator:
    """Asks a model for its verdict; implements Moderator.

    `stride` is how many characters of a streamed answer
    are collected between two questions: a smaller one shows the answer sooner and asks more often.
    """

    def __init__(
        self,
        server: Server,
        model: str = "omni-moderation-latest",
        stride: int = 400,
    ) -> None:
        self.stride = stride
        self._server = server
        self._model = model

    async def check(self, text: str) -> Verdict:
        """The verdict on one text; a category the server does not know is not flagged.

        A blank text is clean without asking. Raises BackendError; what the server dislikes about
        the question is UpstreamFailed, for the person who wrote the text did nothing wrong.
        """
        if not text.strip():
            return CLEAN
        return await self._ask(text)

    async def check_parts(self, parts: Sequence[Mapping[str, Any]]) -> Verdict:
        """The verdict on texts and pictures together, in OpenAI's form of content parts.

        Raises BackendError as `check` does.
        """
        return await self._ask(list(parts))

    async def _ask(self, given: Any) -> Verdict:
        body = {"input": given, "model": self._model}
        asking = partial(ask, "POST", self._server, "/moderations", _LABEL, body)
        try:
            reply = await tried(asking)
        except (InvalidRequest, ModelNotFound) as error:
            raise UpstreamFailed(error.message) from error
        try:
            return _verdict(reply["results"][0])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UpstreamFailed(f"{_LABEL} gave an answer that is no verdict.") from error


def _verdict(result: Mapping[str, Any]) -> Verdict:
    flags, scores = result["categories"], result["category_scores"]
    return Verdict(
        flagged=bool(result["flagged"]),
        categories=MappingProxyType({name: bool(flags.get(name)) for name in CATEGORIES}),
        scores=MappingProxyType({name: float(scores.get(name) or 0) for name in CATEGORIES}),
    )
