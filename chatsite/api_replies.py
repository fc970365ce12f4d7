"""What each operation under /v1 answers with when it succeeds, for the OpenAPI document.

Where OpenAI has the operation, the type is the one of its own client. The tests hold real replies
to these types, and every operation to having one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import (
    Any,
    Generic,
    Literal,
    TypeVar,
)

from openai.types import (
    Completion,
    CompletionChoice,
    CreateEmbeddingResponse,
    Embedding,
    FileDeleted,
    FileObject,
    ImageEditStreamEvent,
    ImageGenStreamEvent,
    ImagesResponse,
    ModelDeleted,
    ModerationCreateResponse,
)
from openai.types.admin.organization import UsageCompletionsResponse, UsageCostsResponse
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionDeleted,
    ChatCompletionStoreMessage,
)
from openai.types.fine_tuning import (
    DpoMethod,
    FineTuningJob,
    FineTuningJobEvent,
    SupervisedMethod,
)
from openai.types.fine_tuning.fine_tuning_job import Method as FineTuningMethod
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from openai.types.responses import (
    FunctionTool,
    Response,
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseCreatedEvent,
    ResponseErrorEvent,
    ResponseFailedEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseFunctionToolCall,
    ResponseFunctionToolCallItem,
    ResponseFunctionToolCallOutputItem,
    ResponseIncompleteEvent,
    ResponseInProgressEvent,
    ResponseInputMessageItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseReasoningItem,
    ResponseReasoningTextDeltaEvent,
    ResponseReasoningTextDoneEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
    ToolChoiceAllowed,
    ToolChoiceFunction,
)
from typing_extensions import TypedDict

RowT = TypeVar("RowT")


class ErrorDetail(TypedDict):
    message: str
    type: str
    param: str | None
    code: str | None


class Error(TypedDict):
    """Every reply that is no success, and the last event of a stream that fails."""

    error: ErrorDetail


class List(TypedDict, Generic[RowT]):
    object: Literal["list"]
    data: list[RowT]


class Page(TypedDict, Generic[RowT]):
    object: Literal["list"]
    data: list[RowT]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Model(TypedDict):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    backend: str
    context_window: int | None
    capabilities: list[str]
    description: str
    alias_of: str | None


class CompletionChunkChoice(CompletionChoice):
    finish_reason: Literal["stop", "length", "content_filter"] | None  # type: ignore[assignment]


class CompletionChunk(Completion):
    """OpenAI's, whose choices have not ended yet."""

    choices: list[CompletionChunkChoice]  # type: ignore[assignment]


class EitherEmbedding(Embedding):
    """OpenAI's, with base64 where that is asked for."""

    embedding: list[float] | str  # type: ignore[assignment]


class Embeddings(CreateEmbeddingResponse):
    data: list[EitherEmbedding]  # type: ignore[assignment]


class StoredCompletion(ChatCompletion):
    metadata: dict[str, str] | None = None


class StoredMessage(ChatCompletionStoreMessage):
    """A message of the request, with the fields that its role has."""

    role: str  # type: ignore[assignment]  # not only an assistant's


class WrittenResponse(Response):
    """OpenAI's, with what models of this site can say."""

    output: list[ResponseOutputMessage | ResponseFunctionToolCall | ResponseReasoningItem]  # type: ignore[assignment]
    tools: list[FunctionTool]  # type: ignore[assignment]
    tool_choice: Literal["none", "auto", "required"] | ToolChoiceFunction | ToolChoiceAllowed


ResponseEvent = (
    ResponseCreatedEvent
    | ResponseInProgressEvent
    | ResponseOutputItemAddedEvent
    | ResponseOutputItemDoneEvent
    | ResponseContentPartAddedEvent
    | ResponseContentPartDoneEvent
    | ResponseTextDeltaEvent
    | ResponseTextDoneEvent
    | ResponseReasoningTextDeltaEvent
    | ResponseReasoningTextDoneEvent
    | ResponseFunctionCallArgumentsDeltaEvent
    | ResponseFunctionCallArgumentsDoneEvent
    | ResponseCompletedEvent
    | ResponseIncompleteEvent
    | ResponseFailedEvent
    | ResponseErrorEvent
)
InputItem = (
    ResponseInputMessageItem
    | ResponseOutputMessage
    | ResponseFunctionToolCallItem
    | ResponseFunctionToolCallOutputItem
    | ResponseReasoningItem
)


class ResponseDeleted(TypedDict):
    id: str
    object: Literal["response"]
    deleted: Literal[True]


class Feedback(TypedDict):
    id: str
    object: Literal["feedback"]
    created_at: int
    updated_at: int
    completion_id: str | None
    message_id: str | None
    choice: int | None
    rating: Literal["up", "down"]
    reasons: list[str]
    comment: str
    better_answer: str


class FeedbackDeleted(TypedDict):
    id: str
    object: Literal["feedback.deleted"]
    deleted: Literal[True]


class Picture(TypedDict):
    id: str
    object: Literal["image"]
    created: int
    operation: str
    model: str | None
    prompt: str
    change: str | None
    revised_prompt: str | None
    seed: int | None
    size: str
    parent: str | None
    url: str


class SimplePictures(ImagesResponse):
    image_url: str | None


class Budget(TypedDict):
    """Amounts are in the unit."""

    unit: str
    period: str
    limit: float
    used: float
    remaining: float
    resets_at: int


class Standing(TypedDict):
    id: str | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: Budget | None


class Limits(TypedDict):
    object: Literal["usage.limits"]
    person: Standing
    api_key: Standing | None


class _Whose(TypedDict):
    organization_id: str
    organization_name: str
    project_id: str
    project_name: str
    api_key_id: str | None
    api_key_name: str | None
    api_key_redacted: str | None
    api_key_type: str | None
    operation: str


class DayOfTokens(_Whose):
    aggregation_timestamp: int
    n_requests: int
    snapshot_id: str
    n_context_tokens_total: int
    n_generated_tokens_total: int
    n_cached_context_tokens_total: int
    n_context_audio_tokens_total: int
    n_generated_audio_tokens_total: int
    email: str
    request_type: str


class DayOfImages(_Whose):
    timestamp: int
    num_images: int
    num_requests: int
    image_size: str | None
    user_id: str | None
    model_id: str


class DayOfTraining(_Whose):
    aggregation_timestamp: int
    n_requests: int
    snapshot_id: str
    n_trained_tokens_total: int
    email: str


class Day(TypedDict):
    """The usage of a day in the former shape."""

    object: Literal["list"]
    data: list[DayOfTokens]
    ft_data: list[DayOfTraining]
    dalle_api_data: list[DayOfImages]
    whisper_api_data: list[Any]
    tts_api_data: list[Any]
    assistant_code_interpreter_data: list[Any]
    retrieval_storage_data: list[Any]
    current_usage_usd: float


class TuningMethod(FineTuningMethod):
    """OpenAI's, with the methods that are this site's own."""

    type: Literal["supervised", "dpo", "kto", "reward", "reinforcement"]  # type: ignore[assignment]
    kto: DpoMethod | None = None
    reward: SupervisedMethod | None = None


class TuningJob(FineTuningJob):
    """OpenAI's, with the status that its manual tells of and its client's type lacks."""

    method: TuningMethod | None = None

    status: Literal[
        "validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"
    ]  # type: ignore[assignment]


class File(FileObject):
    """OpenAI's, with the purpose that its client sends and its type of replies lacks."""

    purpose: Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]  # type: ignore[assignment]


class FineTuneEvent(TypedDict):
    object: Literal["fine-tune-event"]
    created_at: int
    level: Literal["info", "warn", "error"]
    message: str


class FineTuneRow(TypedDict):
    """A job in the shape before 2024."""

    id: str
    object: Literal["fine-tune"]
    created_at: int
    updated_at: int
    model: str
    fine_tuned_model: str | None
    organization_id: str
    status: Literal["pending", "running", "paused", "succeeded", "failed", "cancelled"]
    hyperparams: dict[str, float | None]
    training_files: list[File]
    validation_files: list[File]
    result_files: list[File]


class FineTune(FineTuneRow):
    events: list[FineTuneEvent]


@dataclass(frozen=True, slots=True)
class Reply:
    """The type of a JSON reply, and of the events of a stream; `media` is of what is no JSON."""

    body: Any = None
    event: Any = None
    media: str = ""


_USAGE = Reply(UsageCompletionsResponse)
REPLIES: dict[str, Reply] = {
    "POST /chat/completions": Reply(ChatCompletion, ChatCompletionChunk),
    "GET /chat/completions": Reply(Page[StoredCompletion]),
    "GET /chat/completions/{completion_id}": Reply(StoredCompletion),
    "POST /chat/completions/{completion_id}": Reply(StoredCompletion),
    "DELETE /chat/completions/{completion_id}": Reply(ChatCompletionDeleted),
    "GET /chat/completions/{completion_id}/messages": Reply(Page[StoredMessage]),
    "POST /completions": Reply(Completion, CompletionChunk),
    "POST /responses": Reply(WrittenResponse, ResponseEvent),
    "GET /responses/{response_id}": Reply(WrittenResponse),
    "DELETE /responses/{response_id}": Reply(ResponseDeleted),
    "POST /responses/{response_id}/cancel": Reply(WrittenResponse),
    "GET /responses/{response_id}/input_items": Reply(Page[InputItem]),
    "POST /embeddings": Reply(Embeddings),
    "POST /moderations": Reply(ModerationCreateResponse),
    "GET /models": Reply(List[Model]),
    "GET /models/{model_id}": Reply(Model),
    "DELETE /models/{model_id}": Reply(ModelDeleted),
    "POST /feedback": Reply(Feedback),
    "GET /feedback": Reply(Page[Feedback]),
    "DELETE /feedback/{feedback_id}": Reply(FeedbackDeleted),
    "POST /images/generations": Reply(ImagesResponse, ImageGenStreamEvent),
    "POST /images/edits": Reply(ImagesResponse, ImageEditStreamEvent),
    "POST /images/variations": Reply(ImagesResponse),
    "POST /generate-image": Reply(SimplePictures),
    "GET /images": Reply(Page[Picture]),
    "GET /images/{picture_id}": Reply(Picture),
    "POST /files": Reply(File),
    "GET /files": Reply(Page[File]),
    "POST /fine_tuning/jobs": Reply(TuningJob),
    "GET /fine_tuning/jobs": Reply(Page[TuningJob]),
    "GET /fine_tuning/jobs/{job_id}": Reply(TuningJob),
    "POST /fine_tuning/jobs/{job_id}/cancel": Reply(TuningJob),
    "POST /fine_tuning/jobs/{job_id}/pause": Reply(TuningJob),
    "POST /fine_tuning/jobs/{job_id}/resume": Reply(TuningJob),
    "GET /fine_tuning/jobs/{job_id}/events": Reply(Page[FineTuningJobEvent]),
    "GET /fine_tuning/jobs/{job_id}/checkpoints": Reply(Page[FineTuningJobCheckpoint]),
    "POST /fine-tunes": Reply(FineTune),
    "GET /fine-tunes": Reply(List[FineTuneRow]),
    "GET /fine-tunes/{fine_tune_id}": Reply(FineTune),
    "POST /fine-tunes/{fine_tune_id}/cancel": Reply(FineTune),
    "GET /fine-tunes/{fine_tune_id}/events": Reply(List[FineTuneEvent], FineTuneEvent),
    "GET /files/{file_id}": Reply(File),
    "DELETE /files/{file_id}": Reply(FileDeleted),
    "GET /files/{file_id}/content": Reply(media="application/octet-stream"),
    "GET /organization/usage/completions": _USAGE,
    "GET /organization/usage/embeddings": _USAGE,
    "GET /organization/usage/moderations": _USAGE,
    "GET /organization/usage/images": _USAGE,
    "GET /organization/costs": Reply(UsageCostsResponse),
    "GET /usage": Reply(Day | UsageCompletionsResponse),
    "GET /usage/limits": Reply(Limits),
}
"""By method and path, without the /v1 that all begin with."""
