"""The scene with the official Python client, as most people use it: synchronous and lenient."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai

url, key = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
PICK: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}

plain = client.chat.completions.create(
    model="fake/echo", messages=[{"role": "user", "content": "Hello there"}]
)
assert plain.usage is not None

pieces, streamed_usage = [], None
for chunk in client.chat.completions.create(
    model="fake/words-100",
    messages=[{"role": "user", "content": "Go"}],
    stream=True,
    stream_options={"include_usage": True},
):
    pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    streamed_usage = chunk.usage or streamed_usage
assert streamed_usage is not None

# The client puts a streamed call together by itself.
with client.chat.completions.stream(
    model="fake/tool",
    messages=[{"role": "user", "content": "Pick one"}],
    tools=[{"type": "function", "function": {"name": "pick", "parameters": PICK}}],
) as events:
    calls = events.get_final_completion().choices[0].message.tool_calls
assert calls is not None
[call] = calls

structured = client.chat.completions.create(
    model="fake/echo",
    messages=[{"role": "user", "content": '{"n": 1}'}],
    response_format={"type": "json_schema", "json_schema": {"name": "pick", "schema": PICK}},
)

refused = None
try:
    client.with_options(api_key="sk-wrong").chat.completions.create(
        model="fake/echo", messages=[{"role": "user", "content": "Hello there"}]
    )
except openai.AuthenticationError as error:
    refused = error.code

heard = {
    "models": sorted(model.id for model in client.models.list()),
    "plain": plain.choices[0].message.content,
    "usage": [plain.usage.prompt_tokens, plain.usage.completion_tokens],
    "streamed": pieces,
    "streamed usage": [streamed_usage.prompt_tokens, streamed_usage.completion_tokens],
    "tool": [call.function.name, json.loads(call.function.arguments)],
    "structured": json.loads(structured.choices[0].message.content or ""),
    "refused": refused,
}
print(json.dumps(heard))  # noqa: T201 - what the test reads
