"""What an evaluation found, in a stable form: `to_json` writes it, the pages show it.

A file is `{"schema": 1, "reports": [...]}`, one report for each model in the order asked for. A
report is this module's `Report` with its fields' names; fields may be added, and none changes its
meaning while `schema` stays. Shares are `{hits, count, share, low, high}` (`metrics.Share`).
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import orjson

from chatsite.backend.evaluation import metrics
from chatsite.backend.evaluation.checks import KINDS, words
from chatsite.backend.evaluation.generation import Reply, Sampling, Subject
from chatsite.backend.evaluation.metrics import Share
from chatsite.backend.evaluation.perplexity import Perplexity
from chatsite.backend.evaluation.prompts import Prompt

SCHEMA = 1
_PACKAGES = ("chatsite", "xllamacpp", "openai")


@dataclass(frozen=True, slots=True)
class Model:
    """What was judged: `id` is its public name, or the path of the file that was given."""

    id: str
    backend: str
    description: str
    context_window: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A prompt, what the model said to each of its turns, and the kinds of check that failed.

    `finish_reason` is None, and `error` not empty, where the model's server refused the prompt.
    """

    group: str
    system: str | None
    turns: tuple[str, ...]
    answers: tuple[str, ...]
    finish_reason: str | None
    passed: bool
    failed: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Measures:
    """What holds of all last answers together.

    `refused` prompts got no answer, and count for nothing else here. Of the answers, `ended`
    finished by themselves rather than at the bound; `length_kept` have the number of words,
    sentences, lines or items asked for, of those prompts that ask for one; `well_formed` are
    closed Markdown; `empty` say nothing; `loops` repeat four words over and over;
    `claims_another` take their writer for a person or for a known assistant. `distinct` are the
    shares of different runs of one, two and three words, `mean_words` the words of an answer.
    """

    refused: Share
    ended: Share
    length_kept: Share
    well_formed: Share
    empty: Share
    loops: Share
    claims_another: Share
    distinct: tuple[float, float, float]
    mean_words: float


@dataclass(frozen=True, slots=True)
class Report:
    """One model's evaluation. `prompts` is the SHA-256 of all that was asked and demanded.

    `created` is the local time with its offset, `seconds` the time that the answers took.
    `perplexity` has "text" and "chat" where a corpus was given, and is empty otherwise.
    """

    model: Model
    created: str
    versions: Mapping[str, str]
    sampling: Sampling
    prompts: str
    seconds: float
    overall: Share
    groups: Mapping[str, Share]
    measures: Measures
    perplexity: Mapping[str, Perplexity]
    answers: tuple[Answer, ...]


def report(
    subject: Subject,
    prompts: Sequence[Prompt],
    replies: Sequence[Reply],
    sampling: Sampling,
    *,
    created: datetime,
    seconds: float,
    perplexity: Mapping[str, Perplexity],
) -> Report:
    """Judge the replies, one for each prompt, and put all of it together."""
    answers = tuple(map(judge, prompts, replies))
    groups = {name: [a.passed for a in answers if a.group == name] for name in _groups(prompts)}
    model = subject.model
    return Report(
        model=Model(subject.name, model.backend, model.description, model.context_window),
        created=created.isoformat(timespec="seconds"),
        versions=_versions(),
        sampling=sampling,
        prompts=_digest(prompts),
        seconds=round(seconds, 1),
        overall=metrics.share_of(answer.passed for answer in answers),
        groups={name: metrics.share_of(passed) for name, passed in groups.items()},
        measures=measure(answers, prompts),
        perplexity=perplexity,
        answers=answers,
    )


def judge(prompt: Prompt, reply: Reply) -> Answer:
    """The reply with the kinds of check that its last text fails; all, where it was refused."""
    last = "" if reply.error else reply.texts[-1]
    failed = tuple(c.kind for c in prompt.checks if reply.error or not c.passes(last))
    return Answer(
        group=prompt.group,
        system=prompt.system,
        turns=prompt.turns,
        answers=reply.texts,
        finish_reason=reply.finish_reason,
        passed=not failed,
        failed=failed,
        error=reply.error,
    )


def measure(answers: Sequence[Answer], prompts: Sequence[Prompt]) -> Measures:
    """The measures of the answers, one for each prompt."""
    given = [(a, a.answers[-1], p) for a, p in zip(answers, prompts, strict=True) if not a.error]
    texts = [text for _, text, _ in given]
    bounded = [
        not any(KINDS[kind].length for kind in answer.failed)
        for answer, _, prompt in given
        if any(KINDS[check.kind].length for check in prompt.checks)
    ]
    return Measures(
        refused=metrics.share_of(bool(answer.error) for answer in answers),
        ended=metrics.share_of(answer.finish_reason == "stop" for answer, _, _ in given),
        length_kept=metrics.share_of(bounded),
        well_formed=metrics.share_of(map(metrics.well_formed, texts)),
        empty=metrics.share_of(not text.strip() for text in texts),
        loops=metrics.share_of(map(metrics.loops, texts)),
        claims_another=metrics.share_of(map(metrics.claims_to_be_another, texts)),
        distinct=(
            metrics.distinct(texts, 1),
            metrics.distinct(texts, 2),
            metrics.distinct(texts, 3),
        ),
        mean_words=sum(len(words(text)) for text in texts) / max(1, len(texts)),
    )


def to_json(reports: Sequence[Report]) -> bytes:
    """The reports as a file of this module's form, indented."""
    return orjson.dumps(
        {"schema": SCHEMA, "reports": list(reports)},
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _groups(prompts: Sequence[Prompt]) -> list[str]:
    return list(dict.fromkeys(prompt.group for prompt in prompts))


def _digest(prompts: Sequence[Prompt]) -> str:
    asked = [
        (prompt.group, prompt.system, prompt.turns, [(c.kind, c.value) for c in prompt.checks])
        for prompt in prompts
    ]
    # What orjson does not know is a compiled pattern.
    told = orjson.dumps(asked, default=lambda pattern: pattern.pattern)
    return hashlib.sha256(told).hexdigest()


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
