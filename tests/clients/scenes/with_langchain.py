"""The scene with LangChain's model for OpenAI."""

from __future__ import annotations

import json
import sys

import openai
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

url, key = sys.argv[1:]


def model(name: str, key: str = key) -> ChatOpenAI:
    return ChatOpenAI(model=name, base_url=url, api_key=key, max_retries=0, stream_usage=True)


class Pick(BaseModel):
    """Pick a number."""

    n: int


plain = model("fake/echo").invoke("Hello there")
pieces, total = [], None
for chunk in model("fake/words-100").stream("Go"):
    pieces += [chunk.content] if chunk.content else []
    total = chunk if total is None else total + chunk
assert total is not None

[call] = model("fake/tool").bind_tools([Pick]).invoke("Pick one").tool_calls
structured = model("fake/echo").with_structured_output(Pick, method="json_schema")

refused = None
try:
    model("fake/echo", "sk-wrong").invoke("Hello there")
except openai.AuthenticationError as error:
    refused = error.code

heard = {
    "plain": plain.content,
    "usage": [plain.usage_metadata["input_tokens"], plain.usage_metadata["output_tokens"]],
    "streamed": pieces,
    "streamed usage": [total.usage_metadata["input_tokens"], total.usage_metadata["output_tokens"]],
    "tool": [call["name"].lower(), call["args"]],
    "structured": structured.invoke('{"n": 1}').model_dump(),
    "refused": refused,
}
print(json.dumps(heard))  # noqa: T201 - what the test reads
