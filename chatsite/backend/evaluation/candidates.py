"""Everything that is measured of a candidate beside its base, before anybody decides on it."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from chatsite.backend.evaluation import metrics
from chatsite.backend.evaluation.checks import fold, words
from chatsite.backend.evaluation.comparing import (
    MOST_SHOWN,
    Corrected,
    Evaluation,
    Group,
    Lengths,
    Regressions,
    SideBySide,
    Wins,
    compared,
)
from chatsite.backend.evaluation.generation import (
    Reply,
    Sampling,
    Subject,
    answer_all,
    answer_chats,
)
from chatsite.backend.evaluation.prompts import Prompt
from chatsite.backend.evaluation.report import judge as judged_by_checks
from chatsite.backend.evaluation.scoring import Scores, Task, rated, score
from chatsite.backend.tokens import estimate
from chatsite.backend.types import Message

LIKELIEST = Sampling(temperature=0.0, max_tokens=160, parallel=2)
"""How answers are drawn; two at a time leave slots for people."""
MOST_DISLIKED = 100
"""Answers with a thumb down that are asked for again."""
MOST_CORRECTED = 50
"""Questions whose better answer was learnt that are asked again."""
ALIKE = 0.9
"""From this likeness on an answer counts as the same (difflib's ratio of the folded texts)."""
_VERDICT = re.compile(r"\b(A|B)\b")
_JUDGING = (
    "You compare two answers to the end of a conversation. Judge which is more helpful, correct "
    "and fitting. Reply with one letter: A, B, or T for a tie."
)
_THINKING = Sampling(temperature=0.0, max_tokens=1024, parallel=2)


@dataclass(frozen=True, slots=True)
class Question:
    """The end of a conversation, and the ratings that it comes from.

    `disliked` is an answer to it that got a thumb down, where one did, `better` one that somebody
    wrote.
    """

    asked: tuple[Message, ...]
    ratings: tuple[str, ...]
    disliked: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a candidate is measured by.

    `task` names the checkpoints, the files that were held out and the reward model; `rewarder` is
    that model's id. There are no prompts, questions or judge where nothing is to be asked.
    """

    base: Subject
    candidate: Subject
    task: Task
    held_out: Sequence[Question] = ()
    disliked: Sequence[Question] = ()
    corrected: Sequence[Question] = ()
    prompts: Sequence[Prompt] = ()
    rewarder: str = ""
    judge: Subject | None = None


async def evaluate(plan: Plan) -> Evaluation:
    """Ask both models, have their answers compared, and score what was held out.

    Raises BackendError where a model cannot be asked or the scores cannot be had.
    """
    questions = plan.held_out[:MOST_SHOWN]
    answers = await _side_by_side(plan, questions)
    rating = [
        rated(question.asked, one.base, one.candidate)
        for question, one in zip(questions, answers, strict=True)
        if one.base.strip() and one.candidate.strip()
    ]
    scores = await score(replace(plan.task, rated=tuple(rating)))
    overall, groups = await _table(plan)
    return replace(
        proofs(scores),
        lengths=_lengths(answers),
        answers=answers,
        reward=_rewarded(scores, plan.rewarder),
        judge=None if plan.judge is None else await preferred_by(plan.judge, questions, answers),
        overall=overall,
        groups=groups,
        regressions=await _regressions(plan),
        corrected=await what_was_corrected(plan),
    )


# --- what was held out


def proofs(scores: Scores) -> Evaluation:
    """The shares of held-out ratings that the candidate agrees with; see `comparing`."""
    margins = scores.margins
    thumbs = {good for _, good in scores.judged}
    judged = None
    if len(thumbs) == 2:  # where all point one way, any drift would agree with them or none
        middle = statistics.median(gain for gain, _ in scores.judged)
        judged = metrics.share_of((gain > middle) == good for gain, good in scores.judged)
    return Evaluation(
        preferences=metrics.share_of(margin > 0 for margin in margins) if margins else None,
        margin=round(statistics.fmean(margins), 4) if margins else None,
        judged=judged,
        corrections=metrics.share_of(gain > 0 for gain in scores.corrections)
        if scores.corrections
        else None,
    )


def _rewarded(scores: Scores, rewarder: str) -> Wins | None:
    if not scores.rewards:
        return None
    wins = sum(candidate > base for base, candidate in scores.rewards)
    losses = sum(candidate < base for base, candidate in scores.rewards)
    base_mean, candidate_mean = (
        round(statistics.fmean(several), 4) for several in zip(*scores.rewards, strict=True)
    )
    ties = len(scores.rewards) - wins - losses
    decided = metrics.share(wins, wins + losses)
    return Wins(rewarder, wins, losses, ties, decided, base_mean, candidate_mean)


# --- answers


async def _side_by_side(plan: Plan, questions: Sequence[Question]) -> tuple[SideBySide, ...]:
    chats = [question.asked for question in questions]
    base = await answer_chats(plan.base, chats, LIKELIEST)
    candidate = await answer_chats(plan.candidate, chats, LIKELIEST)
    return tuple(
        SideBySide(question.ratings, question.asked[-1].text, _text(first), _text(second))
        for question, first, second in zip(questions, base, candidate, strict=True)
    )


def _text(reply: Reply) -> str:
    return reply.texts[-1] if reply.texts else ""


def _lengths(answers: Sequence[SideBySide]) -> Lengths | None:
    if not answers:
        return None
    counts = [(len(words(one.base)), len(words(one.candidate))) for one in answers]
    base, candidate = (round(statistics.fmean(each), 2) for each in zip(*counts, strict=True))
    shorter = metrics.share_of(after < before for before, after in counts)
    return Lengths(len(counts), base, candidate, shorter)


async def _table(plan: Plan) -> tuple[Group | None, tuple[Group, ...]]:
    """The prompts of the evaluation command that each of both passes, in all and by groups."""
    if not plan.prompts:
        return None, ()
    passed = []
    for subject in (plan.base, plan.candidate):
        replies = await answer_all(subject, plan.prompts, LIKELIEST, lambda: None)
        checked = map(judged_by_checks, plan.prompts, replies)
        passed.append([answer.passed for answer in checked])
    names = [prompt.group for prompt in plan.prompts]
    groups = []
    for name in dict.fromkeys(names):
        base, candidate = (
            metrics.share_of(ok for ok, group in zip(each, names, strict=True) if group == name)
            for each in passed
        )
        groups.append(compared(name, base, candidate))
    base, candidate = map(metrics.share_of, passed)
    return compared("all", base, candidate), tuple(groups)


async def _regressions(plan: Plan) -> Regressions | None:
    """Whether the answers that got a thumb down are given again."""
    cases = plan.disliked[:MOST_DISLIKED]
    if not cases:
        return None
    answers = await _side_by_side(plan, cases)
    pairs = list(zip(cases, answers, strict=True))
    again = [
        replace(one, base=case.disliked)
        for case, one in pairs
        if alike(one.candidate, case.disliked)
    ]
    before = sum(alike(one.base, case.disliked) for case, one in pairs)
    return Regressions(len(cases), len(again), before, tuple(again[:MOST_SHOWN]))


async def what_was_corrected(plan: Plan) -> Corrected | None:
    """Whether the better answers that were learnt are given."""
    cases = plan.corrected[:MOST_CORRECTED]
    if not cases:
        return None
    answers = await _side_by_side(plan, cases)
    pairs = list(zip(cases, answers, strict=True))
    missed = [
        replace(one, base=case.better)
        for case, one in pairs
        if not alike(one.candidate, case.better)
    ]
    before = sum(alike(one.base, case.better) for case, one in pairs)
    return Corrected(len(cases), len(cases) - len(missed), before, tuple(missed))


def alike(left: str, right: str) -> bool:
    """Whether two answers say the same in all but a few letters."""
    first, second = fold(left), fold(right)
    return first == second or SequenceMatcher(None, first, second).ratio() >= ALIKE


# --- a judge


async def preferred_by(
    judge: Subject, questions: Sequence[Question], answers: Sequence[SideBySide]
) -> Wins:
    """How often a judge prefers the candidate's answer, whichever of both it reads first.

    One that prefers what it reads first, or last, has not decided. Raises as `evaluate`.
    """
    chats = [
        _asking(question.asked, first, second)
        for question, one in zip(questions, answers, strict=True)
        for first, second in ((one.base, one.candidate), (one.candidate, one.base))
    ]
    replies = await answer_chats(judge, chats, _THINKING)
    said = [_VERDICT.findall(_text(reply))[-1:] for reply in replies]
    pairs = list(zip(said[::2], said[1::2], strict=True))
    wins = pairs.count((["B"], ["A"]))
    losses = pairs.count((["A"], ["B"]))
    return Wins(
        judge.name,
        wins,
        losses,
        len(pairs) - wins - losses,
        metrics.share(wins, wins + losses),
        prompt_tokens=sum(estimate(message.text) for chat in chats for message in chat),
        completion_tokens=sum(estimate(_text(reply)) for reply in replies),
    )


def _asking(asked: Sequence[Message], first: str, second: str) -> tuple[Message, ...]:
    conversation = "\n\n".join(f"{message.role}: {message.text}" for message in asked)
    return (
        Message("system", _JUDGING),
        Message("user", f"{conversation}\n\nAnswer A:\n{first}\n\nAnswer B:\n{second}"),
    )
