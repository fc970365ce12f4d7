"""The scene with the official Python client: asynchronous, with every reply held to its type."""

from __future__ import annotations

import asyncio
import json
import sys

import openai
from pydantic import BaseModel


class Pick(BaseModel):
    n: int


async def scene(client: openai.AsyncOpenAI) -> dict[str, object]:
    plain = await client.chat.completions.create(
        model="fake/echo", messages=[{"role": "user", "content": "Hello there"}]
    )
    assert plain.usage is not None

    pieces, usage = [], None
    async for chunk in await client.chat.completions.create(
        model="fake/words-100",
        messages=[{"role": "user", "content": "Go"}],
        stream=True,
        stream_options={"include_usage": True},
    ):
        pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        usage = chunk.usage or usage
    assert usage is not None

    asked = await client.chat.completions.create(
        model="fake/tool",
        messages=[{"role": "user", "content": "Pick one"}],
        tools=[openai.pydantic_function_tool(Pick, name="pick")],
    )
    assert asked.choices[0].message.tool_calls is not None
    [call] = asked.choices[0].message.tool_calls
    assert call.type == "function"

    structured = await client.chat.completions.parse(
        model="fake/echo",
        messages=[{"role": "user", "content": '{"n": 1}'}],
        response_format=Pick,
    )
    assert structured.choices[0].message.parsed is not None

    refused = None
    try:
        await client.with_options(api_key="sk-wrong").models.list()
    except openai.AuthenticationError as error:
        refused = error.code

    return {
        "models": sorted([model.id async for model in client.models.list()]),
        "plain": plain.choices[0].message.content,
        "usage": [plain.usage.prompt_tokens, plain.usage.completion_tokens],
        "streamed": pieces,
        "streamed usage": [usage.prompt_tokens, usage.completion_tokens],
        "tool": [call.function.name, json.loads(call.function.arguments)],
        "structured": structured.choices[0].message.parsed.model_dump(),
        "refused": refused,
    }


async def main(url: str, key: str) -> None:
    async with openai.AsyncOpenAI(
        base_url=url, api_key=key, max_retries=0, _strict_response_validation=True
    ) as client:
        print(json.dumps(await scene(client)))  # noqa: T201 - what the test reads


asyncio.run(main(*sys.argv[1:]))
