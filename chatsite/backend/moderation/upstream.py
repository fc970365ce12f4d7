"""The moderator behind /v1/moderations of OpenAI, or of any server that speaks its API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import openai

from chatsite.backend.clients import translate
from chatsite.backend.errors import InvalidRequest, ModelNotFound, UpstreamFailed
from chatsite.backend.moderation.policy import CATEGORIES, CLEAN
from chatsite.backend.types import Verdict

_LABEL = "The moderation service"
_RETRIES = 2


class UpstreamModerator:
    """Asks a model for its verdict; implements Moderator.

    `client` gives the running loop's client. `stride` is how many characters of a streamed answer
    are collected between two questions: a smaller one shows the answer sooner and asks more often.
    """

    def __init__(
        self,
        client: Callable[[], openai.AsyncOpenAI],
        model: str = "omni-moderation-latest",
        stride: int = 400,
    ) -> None:
        self.stride = stride
        self._client = client
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
        client = self._client().with_options(max_retries=_RETRIES)
        try:
            response = await client.moderations.with_raw_response.create(
                input=given, model=self._model
            )
            body = await response.http_response.aread()
        except openai.OpenAIError as error:
            translated = translate(error, _LABEL)
            if isinstance(translated, InvalidRequest | ModelNotFound):
                translated = UpstreamFailed(translated.message)
            raise translated from error
        try:
            return _verdict(json.loads(body)["results"][0])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UpstreamFailed(f"{_LABEL} gave an answer that is no verdict.") from error


def _verdict(result: Mapping[str, Any]) -> Verdict:
    flags, scores = result["categories"], result["category_scores"]
    return Verdict(
        flagged=bool(result["flagged"]),
        categories=MappingProxyType({name: bool(flags.get(name)) for name in CATEGORIES}),
        scores=MappingProxyType({name: float(scores.get(name) or 0) for name in CATEGORIES}),
    )
