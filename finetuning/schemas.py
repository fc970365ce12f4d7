"""The bodies of the fine-tuning API, OpenAI's parameters and bounds, new and old."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.hyperparameters import Method
from chatsite.bodies import Body, JSONObject, Metadata, NonEmpty, Unsupported
from finetuning.types import Order

Auto = Literal["auto"]
Suffix = Annotated[str, Field(min_length=1, max_length=64)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Epochs = Annotated[int, Field(ge=1, le=50)]
Batch = Annotated[int, Field(ge=1, le=256)]
Positive = Annotated[float, Field(gt=0)]


class Supervised(Body):
    """Hyperparameters of every method. `lora_rank` is this site's own: 0 trains all weights."""

    n_epochs: Auto | Epochs | None = None
    batch_size: Auto | Batch | None = None
    learning_rate_multiplier: Auto | Positive | None = None
    lora_rank: Auto | Annotated[int, Field(ge=0, le=256)] | None = None


class Preference(Supervised):
    """DPO's own, and KTO's."""

    beta: Auto | Annotated[float, Field(ge=0, le=2)] | None = None


class Reinforcement(Preference):
    """Reinforcement's own; the last two are this site's."""

    reasoning_effort: Literal["default", "low", "medium", "high"] | None = None
    compute_multiplier: Auto | Positive | None = None
    eval_interval: Auto | Annotated[int, Field(ge=1)] | None = None
    eval_samples: Auto | Annotated[int, Field(ge=1)] | None = None
    generations: Auto | Annotated[int, Field(ge=2, le=64)] | None = None
    max_answer_tokens: Auto | Annotated[int, Field(ge=1, le=4096)] | None = None


class SupervisedMethod(Body):
    hyperparameters: Supervised | None = None


class PreferenceMethod(Body):
    hyperparameters: Preference | None = None


class ReinforcementMethod(Body):
    grader: JSONObject
    hyperparameters: Reinforcement | None = None


class MethodBody(Body):
    """`type` and, under its name, what it takes. `kto` and `reward` are this site's own."""

    type: Method
    supervised: SupervisedMethod | None = None
    dpo: PreferenceMethod | None = None
    kto: PreferenceMethod | None = None
    reward: SupervisedMethod | None = None
    reinforcement: ReinforcementMethod | None = None


class JobBody(Body):
    """`POST /v1/fine_tuning/jobs`."""

    model: NonEmpty
    training_file: NonEmpty
    validation_file: NonEmpty | None = None
    hyperparameters: Supervised | None = None
    method: MethodBody | None = None
    suffix: Suffix | None = None
    seed: Seed | None = None
    metadata: Metadata | None = None
    integrations: Unsupported = None

    def order(self, request_id: str) -> Order:
        """Raises InvalidRequest for a method without what it needs."""
        method = self.method or MethodBody(type="supervised")
        how = getattr(method, method.type)
        others = set(get_args(Method)) - {method.type}
        if named := [name for name in sorted(others) if getattr(method, name) is not None]:
            raise InvalidRequest(
                f"The method is {method.type}, and {named[0]} is given.", param="method.type"
            )
        if method.type == "reinforcement" and how is None:
            raise InvalidRequest(
                "Missing required parameter: 'method.reinforcement'.",
                param="method.reinforcement",
                code="missing_required_parameter",
            )
        own = how.hyperparameters if how is not None else None
        if self.hyperparameters is not None and own is not None:
            raise InvalidRequest(
                "Give the hyperparameters with the method alone.", param="hyperparameters"
            )
        return Order(
            model=self.model,
            training_file=self.training_file,
            validation_file=self.validation_file,
            method=method.type,
            hyperparameters=_given(own or self.hyperparameters),
            grader=how.grader if isinstance(how, ReinforcementMethod) else None,
            seed=self.seed,
            suffix=self.suffix or "",
            metadata=self.metadata,
            request_id=request_id,
        )


class OldJobBody(Body):
    """`POST /v1/fine-tunes`."""

    training_file: NonEmpty
    validation_file: NonEmpty | None = None
    model: NonEmpty | None = None
    n_epochs: Epochs | None = None
    batch_size: Batch | None = None
    learning_rate_multiplier: Positive | None = None
    prompt_loss_weight: Unsupported = None
    compute_classification_metrics: Unsupported = None
    classification_n_classes: Unsupported = None
    classification_positive_class: Unsupported = None
    classification_betas: Unsupported = None
    suffix: Annotated[str, Field(min_length=1, max_length=40)] | None = None

    def order(self, request_id: str, *, default_model: str) -> Order:
        numbers = self.model_dump(include={"n_epochs", "batch_size", "learning_rate_multiplier"})
        return Order(
            model=self.model or default_model,
            training_file=self.training_file,
            validation_file=self.validation_file,
            hyperparameters={name: value for name, value in numbers.items() if value is not None},
            suffix=self.suffix or "",
            request_id=request_id,
        )


def _given(body: Supervised | None) -> dict[str, Any]:
    """What is not left to the site."""
    given = {} if body is None else body.model_dump(exclude_none=True)
    return {name: value for name, value in given.items() if value not in ("auto", "default")}
