"""A fake model provider: a real HTTP server with OpenAI's API that says, and breaks, as told.

tests/servers/answers.py lists the model names and what each does, tests/servers/pictures.py those
of models that make pictures; `Upstream.script` overrides the former.
`python -m tests.servers.upstream --port 9000` runs it by itself, for benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import threading
import time
from array import array
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.servers.answers import Answer, answer_for
from tests.servers.pictures import Pictures, fault_of, fields_of, file_of, shows_red

ERRORS = {
    400: ("invalid_request_error", None),
    401: ("authentication_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
MODERATION_CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
MODELS = (
    "echo",
    "markdown",
    "words-100",
    "slow-40",
    "thinks-40",
    "reads-6",
    "slow-400",
    "slow-4000",
    "stall-3",
    "stall-12-1",
    "error-3",
    "status-503",
    "tool",
)


@dataclass(slots=True)
class Recorded:
    """A request as it arrived, and how it ended: `finished`, or `cancelled` by the client."""

    path: str
    headers: Mapping[str, str]
    json: Any
    finished: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)


class Upstream:
    """The server, in a thread of its own. Use it as a context manager, or start and stop it."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.reset()

    def reset(self) -> None:
        """Forget what was recorded and scripted."""
        self.requests: list[Recorded] = []
        self.links: list[Mapping[str, str]] = []
        self.listing = Answer()
        self.models: tuple[str, ...] = MODELS
        self._script: deque[Answer] = deque()
        self._seen: Counter[str] = Counter()

    def script(self, *answers: Answer) -> None:
        """Answer the next chat completions with these, one each, whatever their model."""
        self._script.extend(answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def chats(self) -> list[Recorded]:
        """The chat completions among the requests."""
        return [request for request in self.requests if request.path == "/v1/chat/completions"]

    # --- life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen: on a free port the first time, on the same one after a stop."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("The fake provider did not start.")

    def stop(self) -> None:
        """Break off every connection and give the port back."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        application = web.Application(client_max_size=64 * 1024**2)
        application.router.add_get("/v1/models", self._list_models)
        application.router.add_post("/v1/chat/completions", self._chat)
        application.router.add_post("/v1/embeddings", self._embed)
        application.router.add_post("/v1/moderations", self._moderate)
        for kind in ("generations", "edits", "variations"):
            application.router.add_post(f"/v1/images/{kind}", self._draw)
        application.router.add_get("/pictures/{name}", self._send_file)
        runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        started.set()
        await self._closing.wait()
        await runner.cleanup()

    # --- endpoints

    async def _record(self, request: web.Request) -> Recorded:
        body = await request.json() if request.can_read_body else None
        recorded = Recorded(request.path, dict(request.headers), body)
        self.requests.append(recorded)
        return recorded

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        await self._record(request)
        if self.listing.status != 200:
            return _refusal(self.listing)
        rows = [
            {"id": name, "object": "model", "created": 1, "owned_by": "fake", "max_model_len": 8192}
            for name in self.models
        ]
        return web.json_response({"object": "list", "data": rows})

    async def _moderate(self, request: web.Request) -> web.StreamResponse:
        """Flags every text with the word "forbidden" in it as violence, red pictures as worse."""
        recorded = await self._record(request)
        given = recorded.json["input"]
        # Texts are judged one by one, parts of a message together.
        apart = isinstance(given, list) and isinstance(given[0], str)
        results = []
        for asked in given if apart else [given]:
            scores = dict.fromkeys(MODERATION_CATEGORIES, 0.01)
            scores["violence"] = 0.9 * ("forbidden" in json.dumps(asked))
            scores["illicit/violent"] = 0.9 * shows_red(asked)
            results.append(
                {
                    "flagged": max(scores.values()) > 0.5,
                    "categories": {name: score > 0.5 for name, score in scores.items()},
                    "category_scores": scores,
                    "category_applied_input_types": {name: ["text"] for name in scores},
                }
            )
        recorded.finished.set()
        body = {"id": "modr-1", "model": "omni-moderation-latest", "results": results}
        return web.json_response(body)

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        """Vectors whose numbers are the bytes of a text or its tokens, one token for each.

        The model's name may be one of those of answers.py, for its failures: embed-status-503.
        "embed-lists" knows no base64.
        """
        recorded = await self._record(request)
        asked = recorded.json
        name = asked["model"].removeprefix("embed-")
        answer = answer_for(name, self._seen[name])
        self._seen[name] += 1
        recorded.finished.set()
        if answer is not None and answer.status != 200:
            return _refusal(answer)
        given = asked["input"]
        inputs = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
        numbers = [list(item.encode()) if isinstance(item, str) else item for item in inputs]
        width = asked.get("dimensions") or 8
        vectors = [array("f", (*each, *[0] * width)[:width]) for each in numbers]
        as_text = asked.get("encoding_format") == "base64" and name != "lists"
        rows = [
            {
                "object": "embedding",
                "index": index,
                "embedding": b64encode(v.tobytes()).decode() if as_text else v.tolist(),
            }
            for index, v in enumerate(vectors)
        ]
        count = sum(map(len, numbers))
        usage = {"prompt_tokens": count, "total_tokens": count}
        # In another order, which `index` is there to mend.
        body = {"object": "list", "data": rows[::-1], "model": asked["model"], "usage": usage}
        return web.json_response(body)

    async def _draw(self, request: web.Request) -> web.StreamResponse:
        asked = await fields_of(request)
        recorded = Recorded(request.path, dict(request.headers), asked)
        self.requests.append(recorded)
        model = asked["model"]
        answer = fault_of(model, self._seen[model])
        self._seen[model] += 1
        recorded.finished.set()
        if answer.status != 200:
            return _refusal(answer)
        kind = "image_edit" if request.path.endswith("edits") else "image_generation"
        pictures = Pictures(asked, kind=kind, base_url=self.url.removesuffix("/v1"))
        wait = answer.delay * len((answer.text or "").split())
        await asyncio.sleep(wait)
        if asked.get("stream") in (True, "true"):
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            for event in pictures.events(answer):
                await _event(response, event)
                await asyncio.sleep(wait)
            if answer.breaks:
                return await _break(request, response, answer)
            await response.write_eof()
            return response
        match answer.breaks:
            case "stall":
                await asyncio.Event().wait()
            case "drop":
                _hang_up(request)
        return web.json_response(pictures.whole(answer))

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        """What a link leads to; its requests' headers are kept, their names in small letters."""
        self.links.append({name.lower(): value for name, value in request.headers.items()})
        return file_of(request.match_info["name"])

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        recorded = await self._record(request)
        model = recorded.json["model"]
        scripted = self._script.popleft() if self._script else None
        answer = scripted or answer_for(model, self._seen[model]) or Answer(status=404)
        self._seen[model] += 1
        if answer.refuses_tools and recorded.json.get("tools"):
            answer = Answer(status=400, message=f"{model} does not support tools")
        if answer.status != 200:
            recorded.finished.set()
            return _refusal(answer)
        reply = _Reply(recorded.json, answer)
        try:
            if recorded.json.get("stream"):
                response = await reply.stream(request)
            else:
                response = await reply.whole(request)
        except (asyncio.CancelledError, ConnectionError):
            recorded.cancelled.set()
            raise
        recorded.finished.set()
        return response


def _refusal(answer: Answer) -> web.Response:
    kind, code = ERRORS.get(answer.status, ("server_error", None))
    headers = {"retry-after": answer.retry_after} if answer.retry_after else {}
    message = answer.message or f"The fake provider was told to answer {answer.status}."
    error = {"message": message, "type": kind, "param": None, "code": answer.code or code}
    return web.json_response({"error": error}, status=answer.status, headers=headers)


class _Reply:
    """One chat completion on its way out."""

    def __init__(self, asked: Mapping[str, Any], answer: Answer) -> None:
        self.asked = asked
        self.answer = answer
        said = [str(m.get("content") or "") for m in asked["messages"] if m["role"] == "user"]
        self.question = (said or [""])[-1]
        text = self.question if answer.text is None else answer.text
        self.words = re.findall(r"\S+\s*|\s+", text)
        self.finish_reason = answer.finish_reason
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
        if limit and limit < len(self.words):
            self.words, self.finish_reason = self.words[:limit], "length"
        self.choices = range(asked.get("n") or 1)
        self.head = {
            "id": f"chatcmpl-{time.time_ns()}",
            "created": int(time.time()),
            "model": asked["model"],
            "system_fingerprint": "fake",
        }

    @property
    def usage(self) -> dict[str, int]:
        prompt = sum(len(str(m.get("content") or "").split()) for m in self.asked["messages"])
        completion = len(self.words) * len(self.choices)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        if not (self.answer.calls_tool and self.asked.get("tools")):
            return []
        tool = self.asked["tools"][0]["function"]
        arguments: dict[str, Any] = {"n": 1}
        if "prompt" in (tool.get("parameters") or {}).get("properties", {}):
            arguments = {
                "prompt": self.question.removeprefix("now "),
                "change_last": self.question.startswith("now "),
            }
        function = {"name": tool["name"], "arguments": json.dumps(arguments)}
        return [{"id": "call_1", "type": "function", "function": function}]

    def logprobs(self, said: list[str]) -> dict[str, Any] | None:
        if not self.asked.get("logprobs"):
            return None
        tokens = [
            {"token": word, "logprob": -0.5, "bytes": list(word.encode()), "top_logprobs": []}
            for word in said
        ]
        return {"content": tokens, "refusal": None}

    async def whole(self, request: web.Request) -> web.Response:
        """The reply in one piece; a break of any kind comes before it."""
        await asyncio.sleep(self.answer.delay * len(self.words))
        match self.answer.breaks:
            case "stall":
                await asyncio.Event().wait()
            case "drop":
                _hang_up(request)
            case "garble" | "cut":
                return web.Response(text='{"choices": [{"ind', content_type="application/json")
            case "error":
                return _refusal(Answer(status=500))
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.words)}
        message |= {"refusal": None, "annotations": []}
        if self.tool_calls:
            message |= {"content": None, "tool_calls": self.tool_calls}
        if self.answer.reasoning:
            message["reasoning_content"] = self.answer.reasoning
        choices = [
            {
                "index": index,
                "message": message,
                "logprobs": self.logprobs(self.words),
                "finish_reason": self.finish_reason,
            }
            for index in self.choices
        ]
        body = self.head | {"object": "chat.completion", "choices": choices}
        return web.json_response(
            body | ({"usage": self.usage} if self.answer.reports_usage else {})
        )

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The reply as server-sent events, one word each, up to the break."""
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await self._read(response)
        said = 0
        for delta in self._deltas():
            if self.answer.breaks and said == self.answer.after:
                break
            word = delta.get("content")
            logprobs = self.logprobs([word]) if word else None
            for index in self.choices:
                await self._send(response, index, delta, logprobs=logprobs)
            if word:
                said += 1
            if word or "reasoning_content" in delta:
                await asyncio.sleep(self.answer.delay)
        if self.answer.breaks:
            return await _break(request, response, self.answer)
        for index in self.choices:
            await self._send(response, index, {}, finish_reason=self.finish_reason)
        if self._includes_usage and self.answer.reports_usage:
            await _event(response, self._chunk([]) | {"usage": self.usage})
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _read(self, response: web.StreamResponse) -> None:
        """Ten tokens of the prompt at a time, after five that are known from before."""
        pieces = self.answer.reads
        for piece in range(pieces + 1 if pieces else 0):
            told = {
                "total": 5 + 10 * pieces, "cache": 5, "processed": 5 + 10 * piece,
                "time_ms": 600 * piece,
            }  # fmt: skip
            empty = {"index": 0, "delta": {"role": "assistant", "content": None}}
            empty["finish_reason"] = None
            await _event(response, self._chunk([empty]) | {"prompt_progress": told})
            await asyncio.sleep(0.3)

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield {"role": "assistant", "content": "", "refusal": None}
        if self.answer.reasoning:
            whole = [self.answer.reasoning]
            for piece in re.findall(r"\S+\s*", whole[0]) if self.answer.delay else whole:
                yield {"reasoning_content": piece}
        for call in self.tool_calls:
            # Providers send the name first, then the arguments in pieces.
            function = call["function"]
            yield {"tool_calls": [{"index": 0, **call, "function": function | {"arguments": ""}}]}
            for piece in re.findall(r".{1,3}", function["arguments"]):
                yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        for word in self.words:
            yield {"content": word}

    @property
    def _includes_usage(self) -> bool:
        return bool((self.asked.get("stream_options") or {}).get("include_usage"))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        usage = {"usage": None} if self._includes_usage else {}
        return self.head | {"object": "chat.completion.chunk", "choices": choices} | usage

    async def _send(
        self,
        response: web.StreamResponse,
        index: int,
        delta: Mapping[str, Any],
        *,
        logprobs: Mapping[str, Any] | None = None,
        finish_reason: str | None = None,
    ) -> None:
        choice = {"index": index, "delta": delta, "logprobs": logprobs}
        await _event(response, self._chunk([choice | {"finish_reason": finish_reason}]))


async def _break(
    request: web.Request, response: web.StreamResponse, answer: Answer
) -> web.StreamResponse:
    """End a stream as the answer breaks."""
    match answer.breaks:
        case "stall":
            await asyncio.Event().wait()
        case "drop":
            await asyncio.sleep(0.1)  # a reset takes along what has not been read yet
            _hang_up(request)
        case "garble":
            await response.write(b'data: {"choices": [{"index": 0, "del\n\n')
        case "error":
            words = answer.message or "The model crashed."
            error = {"message": words, "type": "server_error", "code": None}
            await _event(response, {"error": error})
    await response.write_eof()
    return response


async def _event(response: web.StreamResponse, data: Mapping[str, Any]) -> None:
    await response.write(b"data: " + json.dumps(data).encode() + b"\n\n")


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise web.HTTPInternalServerError


def main() -> None:
    """Run the server until it is interrupted."""
    parser = argparse.ArgumentParser(description="A fake model provider with OpenAI's API.")
    parser.add_argument("--port", type=int, default=9000)
    with Upstream(parser.parse_args().port) as upstream:
        sys.stdout.write(f"Listening on {upstream.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
