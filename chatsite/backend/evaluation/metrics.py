"""What is measured over all answers: shares with their uncertainty, variety, form, and identity."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatsite.backend.evaluation.checks import fold, words

LOOP = 3
"""So many times must the same four words occur for an answer to count as going in circles."""

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_ASSISTANTS = (
    r"chat ?gpt|gpt[- ]?\d\w*|openai|claude|anthropic|gemini|bard|google|llama|meta(?: ai)?|"
    r"mistral|qwen|alibaba|deepseek|copilot|microsoft|siri|apple|alexa|amazon|grok|xai"
)
_CLAIMS = re.compile(
    rf"\b(?:i am|i'm|my name is|call me|this is|speaking with|talking to|chatting with)"
    rf"(?: (?:called|named|actually|really|indeed|in fact))* "
    rf"(?:(?:a|an|the) )?(?:(?!not\b|no\b)[\w-]+ ){{0,3}}?(?:{_ASSISTANTS}"
    rf"|(?:real |living |actual )?(?:human|person)(?: being)?)\b"
    rf"|\b(?:made|created|built|trained|developed|designed|programmed) by (?:\w+ )?"
    rf"(?:{_ASSISTANTS})\b"
)
_DENIES = re.compile(r"\b(?:not|no|never|isn't|aren't|wasn't|neither|nor|than|unlike)\b")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's interval for a confidence of 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927). Without any, the interval is all of [0, 1].
    """

    hits: int
    count: int
    share: float
    low: float
    high: float


def share(hits: int, count: int) -> Share:
    """The share of `hits` in `count` with its interval; 0 of 0 is 0."""
    if not count:
        return Share(0, 0, 0.0, 0.0, 1.0)
    z = 1.959964
    p = hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    spread = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    spread /= 1 + z * z / count
    return Share(hits, count, p, max(0.0, middle - spread), min(1.0, middle + spread))


def share_of(truths: Iterable[bool]) -> Share:
    """The share of what is true."""
    listed = list(truths)
    return share(sum(listed), len(listed))


def distinct(texts: Iterable[str], n: int) -> float:
    """Different runs of `n` words by all runs of `n` words, over all texts together; 0 for none.

    Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models" (2016).
    """
    seen = Counter(run for text in texts for run in _runs(words(text), n))
    return len(seen) / seen.total() if seen else 0.0


def loops(text: str) -> bool:
    """Whether some four words in a row occur at least LOOP times."""
    return any(times >= LOOP for times in Counter(_runs(words(text), 4)).values())


def _runs(listed: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(listed[i : i + n]) for i in range(len(listed) - n + 1)]


def well_formed(text: str) -> bool:
    """Whether all that the Markdown opens is closed: code blocks, code, bold, and table rows."""
    outside: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            outside.append(line)
    prose = re.sub(r"\\.", "", "\n".join(outside))
    without_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", prose, flags=re.DOTALL)
    return (
        not fence
        and "`" not in without_code
        and len(re.findall(r"(?<!\*)\*\*(?!\*)", without_code)) % 2 == 0
        and _even_tables(without_code.splitlines())
    )


def _even_tables(rows: Sequence[str]) -> bool:
    """Whether rows that begin with a bar and follow one another have equally many cells."""
    before = 0
    for row in rows:
        cells = row.strip().strip("|").count("|") + 1 if row.lstrip().startswith("|") else 0
        if before and cells and cells != before:
            return False
        before = cells
    return True


def claims_to_be_another(text: str) -> bool:
    """Whether an answer calls its writer a person, or an assistant or the work of a known maker.

    Sentences that deny something are not claims. True of a model that is such an assistant, too.
    """
    sentences = re.split(r"(?<=[.!?;])\s+", fold(text))
    return any(_CLAIMS.search(part) and not _DENIES.search(part) for part in sentences)
