"""What a candidate is measured by: the held-out part of its dataset, all thumbs down, and the
better answers that it learnt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from asgiref.sync import async_to_sync
from django.conf import settings

from chatsite.backend.datasets import Chat, ChatTurn, Example, Judged, Preference, read_examples
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.evaluation.candidates import Plan, Question, evaluate
from chatsite.backend.evaluation.comparing import Evaluation
from chatsite.backend.evaluation.generation import Subject
from chatsite.backend.evaluation.prompts import read_prompts
from chatsite.backend.evaluation.scoring import Task
from chatsite.backend.registry import Registry, build_registry
from chatsite.backend.types import Message
from chatsite.jobs import Pulse, State
from conversations.training_feedback import RATING
from finetuning import storing
from finetuning.models import TuningJob, UploadedFile
from finetuning.workplace import base_folder, tuned_folder
from improvement.models import KINDS, PARTS, Dataset, Improvement
from improvement.selectors import ratings_by_line

PROMPTS_A_GROUP = 6
"""Of the evaluation's prompts: about a hundred in all, a moment's work for a small model."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The ends of conversations that were held out, those with a thumb down, and those whose better
    answer was learnt, each once."""

    held_out: tuple[Question, ...]
    disliked: tuple[Question, ...]
    corrected: tuple[Question, ...]


def measure(improvement: Improvement, pulse: Pulse) -> Evaluation:
    """Measure an improvement's candidate, as long as the pulse lets it.

    Raises StoppedError, BackendError, FileNotFoundError where a file of the dataset is gone.
    """
    dataset = improvement.dataset
    base, candidate = base_folder(improvement.base), base_folder(improvement.candidate)
    if dataset is None or base is None or candidate is None:
        raise InvalidRequest("What this improvement was made of is gone. Begin a new one.")
    with ExitStack() as stack:
        files = {
            (part, kind): stack.enter_context(storing.local_copy(file.id))
            for part in PARTS
            for kind in KINDS
            if (file := _file(dataset, part, kind)) is not None
        }
        rewarder, folder = _reward_model()
        task = Task(
            base=base,
            candidate=candidate,
            reward_model=folder,
            preferences=files.get(("held_out", "preferences")),
            judged=files.get(("held_out", "judged")),
            supervised=files.get(("held_out", "supervised")),
        )
        work = _evaluate(improvement, task, questions_of(dataset, files), rewarder)
        return async_to_sync(pulse.guard)(work)


def _file(dataset: Dataset, part: str, kind: str) -> UploadedFile | None:
    """The file of what is measured by; None where no rating made an example of that kind."""
    file = dataset.file(part, kind)
    if file is None and part == "held_out" and ratings_by_line(dataset, part, kind):
        raise InvalidRequest(
            "The file of the held-out ratings was deleted meanwhile, and nothing can be proven "
            "without it. Begin a new improvement."
        )
    return file


async def _evaluate(
    improvement: Improvement,
    task: Task,
    questions: Questions,
    rewarder: str,
) -> Evaluation:
    # One of its own: connections belong to an event loop, and this one ends with the work.
    registry = build_registry()
    try:
        plan = Plan(
            base=await _subject(registry, improvement.base),
            candidate=await _subject(registry, improvement.candidate),
            task=task,
            held_out=questions.held_out,
            disliked=questions.disliked,
            corrected=questions.corrected,
            prompts=read_prompts(limit=PROMPTS_A_GROUP),
            rewarder=rewarder,
            judge=await _subject(registry, settings.JUDGE_MODEL) if settings.JUDGE_MODEL else None,
        )
        return await evaluate(plan)
    finally:
        await registry.aclose()


async def _subject(registry: Registry, model: str) -> Subject:
    resolved = await registry.resolve(model)
    return Subject(model, resolved.backend, resolved.model)


def _reward_model() -> tuple[str, Path | None]:
    """The reward model that is to judge, and its folder: the last one that was trained here."""
    made = TuningJob.objects.filter(
        method=TuningJob.Method.REWARD, state=State.DONE, owner__is_staff=True
    )
    if settings.REWARD_MODEL:
        made = made.filter(result_model=settings.REWARD_MODEL)
    for model in made.order_by("-ended_at").values_list("result_model", flat=True):
        folder = tuned_folder(model)
        if (folder / "config.json").is_file():
            return model, folder
    return "", None


# --- what is asked


def questions_of(dataset: Dataset, files: dict[tuple[str, str], Path]) -> Questions:
    """What a dataset's examples give to ask, by the files of their parts and kinds."""
    held_out: dict[tuple[ChatTurn, ...], Question] = {}
    corrected: dict[tuple[ChatTurn, ...], Question] = {}
    disliked: dict[tuple[tuple[ChatTurn, ...], str], Question] = {}
    for (part, kind), path in files.items():
        ratings = ratings_by_line(dataset, part, kind)
        for number, example in enumerate(read_examples(path)):
            made = ratings.get(number, ())
            turns = _asked(example)
            if part == "held_out":
                held_out.setdefault(turns, Question(_messages(turns), made))
            elif isinstance(example, Chat):
                better = example.messages[-1].content
                corrected.setdefault(turns, Question(_messages(turns), made, better=better))
            for answer in _disliked(example, made):
                disliked.setdefault((turns, answer), Question(_messages(turns), made, answer))
    return Questions(tuple(held_out.values()), tuple(disliked.values()), tuple(corrected.values()))


def _asked(example: Example) -> tuple[ChatTurn, ...]:
    return example.input if isinstance(example, Preference) else example.turns[:-1]


def _disliked(example: Example, ratings: tuple[str, ...]) -> Iterator[str]:
    """The answer that got a thumb down; a comparison's other one was not bad for that."""
    match example:
        case Judged(desirable=False):
            yield example.turns[-1].content
        case Preference() if any(rating.startswith(RATING) for rating in ratings):
            yield example.rejected[-1].content


def _messages(turns: tuple[ChatTurn, ...]) -> tuple[Message, ...]:
    return tuple(
        Message(
            turn.role,
            turn.content,
            {
                name: value
                for name in ("name", "tool_calls", "tool_call_id")
                if (value := getattr(turn, name))
            },
        )
        for turn in turns
    )
