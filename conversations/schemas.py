"""The bodies that the chat API accepts: OpenAI's, with its bounds, null meaning "not given".

The package's own TypedDicts let malformed messages through unread; these do not.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    model_validator,
)

from chatsite.backend.types import ChatRequest
from chatsite.bodies import Body, JSONObject, Metadata, NonEmpty, Unsupported
from conversations import functions
from conversations.message_schemas import (
    AnyMessage,
    AssistantMessage,
    FunctionMessage,
    FunctionName,
    ToolMessage,
    message_of,
)

StopString = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Bias = Annotated[float, Field(ge=-100, le=100)]


def _token_ids(biases: dict[str, float]) -> dict[str, float]:
    for token in biases:
        if not (token.isascii() and token.isdecimal() and len(token) <= 10):
            raise ValueError(f"{token[:20]!r} is not the number of a token")
    return biases


class StreamOptions(Body):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Function(Body):
    name: FunctionName
    description: str | None = None
    parameters: JSONObject | None = None
    strict: bool | None = None


class Tool(Body):
    type: Literal["function"]
    function: Function


class FunctionChoice(Body):
    name: FunctionName


class NamedTool(Body):
    type: Literal["function"]
    function: FunctionChoice


class AllowedTools(Body):
    mode: Literal["auto", "required"]
    tools: Annotated[list[NamedTool], Field(min_length=1, max_length=128)]


class AllowedToolsChoice(Body):
    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


ToolChoice = Annotated[NamedTool | AllowedToolsChoice, Field(discriminator="type")]


class JSONSchema(Body):
    name: FunctionName
    description: str | None = None
    schema_: JSONObject = Field(alias="schema")
    strict: bool | None = None


class TextFormat(Body):
    type: Literal["text"]


class JSONObjectFormat(Body):
    type: Literal["json_object"]


class JSONSchemaFormat(Body):
    type: Literal["json_schema"]
    json_schema: JSONSchema


ResponseFormat = Annotated[
    TextFormat | JSONObjectFormat | JSONSchemaFormat, Field(discriminator="type")
]


class GenerationBody(Body):
    """What chat completions and their forerunner have in common."""

    model: NonEmpty
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: StopString | Annotated[list[StopString], Field(max_length=4)] | None = None
    logit_bias: Annotated[dict[str, Bias], AfterValidator(_token_ids)] | None = None
    # What vLLM, Ollama and llama.cpp know beyond OpenAI's parameters.
    top_k: Annotated[int, Field(ge=-1, le=2**31 - 1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    user: str | None = None

    @model_validator(mode="after")
    def _options_are_of_streams(self) -> Self:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options is allowed only when stream is true")
        return self

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with what it used."""
        return bool(self.stream_options and self.stream_options.include_usage)


class ChatCompletionBody(GenerationBody):
    """`POST /v1/chat/completions`."""

    messages: Annotated[list[AnyMessage], Field(min_length=1)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    tools: Annotated[list[Tool], Field(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    # Deprecated by OpenAI, and turned into tools here.
    functions: Annotated[list[Function], Field(min_length=1, max_length=128)] | None = None
    function_call: Literal["none", "auto"] | FunctionChoice | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = (
        None
    )
    verbosity: Literal["low", "medium", "high"] | None = None
    modalities: Annotated[list[Literal["text"]], Field(min_length=1)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    # Accepted, because official clients send them, and without an effect here.
    prediction: dict[str, Any] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    safety_identifier: str | None = None
    moderation: dict[str, Any] | None = None
    # Official, and beyond what is served here: refused by name instead of as unknown.
    audio: Unsupported = None
    web_search_options: Unsupported = None
    metadata: Metadata | None = None
    store: bool | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None

    @model_validator(mode="after")
    def _options_agree(self) -> ChatCompletionBody:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if self.max_tokens is not None and self.max_completion_tokens is not None:
            raise ValueError("max_tokens and max_completion_tokens are not allowed together")
        if self.tool_choice is not None and not self.tools:
            raise ValueError("tool_choice is allowed only when tools are given")
        return self

    @model_validator(mode="after")
    def _choices_are_offered(self) -> ChatCompletionBody:
        if self.functions and self.tools:
            raise ValueError(
                "functions and tools are not allowed together; functions are deprecated"
            )
        if self.function_call is not None and not self.functions:
            raise ValueError("function_call is allowed only when functions are given")
        choice: Any = self.tool_choice or self.function_call
        match choice:
            case AllowedToolsChoice():
                wanted = [tool.function.name for tool in choice.allowed_tools.tools]
            case NamedTool():
                wanted = [choice.function.name]
            case FunctionChoice():
                wanted = [choice.name]
            case _:
                wanted = []
        offered = {tool.function.name for tool in self.tools or ()}
        offered |= {function.name for function in self.functions or ()}
        if missing := [name for name in wanted if name not in offered]:
            given, of = ("tool_choice", "tools") if self.tools else ("function_call", "functions")
            raise ValueError(f"{given} names a function that {of} do not have: {missing[0]}")
        return self

    @model_validator(mode="after")
    def _calls_are_answered(self) -> ChatCompletionBody:
        """Tool messages answer the calls before them, each one, as the models were trained."""
        open_calls: set[str] = set()
        for number, message in enumerate(self.messages):
            if isinstance(message, ToolMessage):
                if message.tool_call_id not in open_calls:
                    raise ValueError(
                        f"messages[{number}], with the role tool, must follow an assistant "
                        "message whose tool_calls have its tool_call_id"
                    )
                open_calls.discard(message.tool_call_id)
                continue
            if open_calls:
                break
            if isinstance(message, FunctionMessage):
                before = self.messages[number - 1] if number else None
                if not isinstance(before, AssistantMessage) or before.function_call is None:
                    raise ValueError(
                        f"messages[{number}], with the role function, must follow an assistant "
                        "message with a function_call"
                    )
            if isinstance(message, AssistantMessage):
                open_calls = {call.id for call in message.tool_calls or ()}
        if open_calls:
            raise ValueError(
                "an assistant message with tool_calls must be followed by tool messages for each "
                f"tool_call_id; missing: {', '.join(sorted(open_calls))}"
            )
        return self

    def request(self) -> ChatRequest:
        """The request that the pipeline answers; what only this site reads is left out."""
        params = self.model_dump(include=PASSED_ON, exclude_none=True, by_alias=True)
        if isinstance(self.tool_choice, AllowedToolsChoice):
            allowed = {tool.function.name for tool in self.tool_choice.allowed_tools.tools}
            params["tools"] = [t for t in params["tools"] if t["function"]["name"] in allowed]
            params["tool_choice"] = self.tool_choice.allowed_tools.mode
        if self.functions:
            params |= functions.as_tools(
                [function.model_dump(exclude_none=True) for function in self.functions],
                self.function_call
                if isinstance(self.function_call, str | None)
                else self.function_call.name,
            )
        return ChatRequest(
            model=self.model,
            messages=tuple(message_of(m, number) for number, m in enumerate(self.messages)),
            params=params,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            n=self.n or 1,
        )


SAMPLING = {
    "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop", "logit_bias",
    "top_k", "min_p",
}  # fmt: skip
PASSED_ON = SAMPLING | {
    "logprobs", "top_logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls",
    "reasoning_effort", "verbosity",
}  # fmt: skip
