"""The scene with LiteLLM as a library."""

from __future__ import annotations

import json
import sys

import litellm

url, key = sys.argv[1:]
PICK = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def ask(model: str, text: str, key: str = key, **more: object) -> litellm.ModelResponse:
    return litellm.completion(
        model=f"openai/fake/{model}",
        messages=[{"role": "user", "content": text}],
        base_url=url,
        api_key=key,
        num_retries=0,
        **more,
    )


plain = ask("echo", "Hello there")
pieces, usage = [], None
for chunk in ask("words-100", "Go", stream=True, stream_options={"include_usage": True}):
    pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    usage = getattr(chunk, "usage", usage)

assert usage is not None

schema = {"name": "pick", "schema": PICK}
structured = ask("echo", '{"n": 1}', response_format={"type": "json_schema", "json_schema": schema})

refused = None
try:
    ask("echo", "Hello there", key="sk-wrong")
except litellm.AuthenticationError as error:
    refused = "invalid_api_key" if error.status_code == 401 else None

heard = {
    "models": sorted(
        litellm.get_valid_models(
            check_provider_endpoint=True,
            custom_llm_provider="openai",
            api_base=url,
            api_key=key,
        )
    ),
    "plain": plain.choices[0].message.content,
    "usage": [plain.usage.prompt_tokens, plain.usage.completion_tokens],
    "streamed": pieces,
    "streamed usage": [usage.prompt_tokens, usage.completion_tokens],
    "structured": json.loads(structured.choices[0].message.content),
    "refused": refused,
}
print(json.dumps(heard))  # noqa: T201 - what the test reads
