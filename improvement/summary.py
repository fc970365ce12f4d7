"""An improvement in plain lines, for the terminal."""

from __future__ import annotations

from chatsite.backend.evaluation.comparing import Evaluation
from chatsite.backend.evaluation.metrics import Share
from improvement.models import Improvement


def summary(improvement: Improvement) -> str:
    """What was made of what, how good it is and why, and what became of it."""
    found = Evaluation.from_json(improvement.evaluation)
    dataset = improvement.dataset
    lines = [
        f"dataset      {dataset.number}: {_counts(dataset.counts)}"
        if dataset
        else "dataset      -",
        f"candidate    {improvement.candidate}, by {improvement.method} from {improvement.base}",
    ]
    for name, share in (
        ("preferences", found.preferences),
        ("thumbs", found.judged),
        ("corrections", found.corrections),
    ):
        if share is not None:
            lines.append(f"{name:<12} {_share(share)} of those held out")
    if found.lengths is not None:
        lengths = found.lengths
        lines.append(
            f"answers      {lengths.base:.1f} words before, {lengths.candidate:.1f} now, to "
            f"{lengths.prompts} held-out prompts; shorter: {_share(lengths.shorter)}"
        )
    lines += [
        f"by {wins.by}: better {_share(wins.share)}"
        for wins in (found.reward, found.judge)
        if wins is not None
    ]
    if (both := found.overall) is not None:
        lines.append(f"evaluation   {_share(both.base)} before, {_share(both.candidate)} now")
    lines += ["", f"{improvement.get_verdict_display()}.", *map(str, improvement.reasons)]
    decision = improvement.get_decision_display() or "Waits for an administrator's decision"
    return "\n".join([*lines, f"{decision}."])


def _counts(counts: dict[str, dict[str, int]]) -> str:
    parts = []
    for part in ("training", "held_out"):
        kinds = [f"{n} {kind}" for kind, n in counts[part].items() if n]
        parts.append(f"{', '.join(kinds) or 'nothing'} {part.replace('_', ' ')}")
    return "; ".join(parts)


def _share(share: Share) -> str:
    return f"{share.hits} of {share.count} ({share.low:.0%} to {share.high:.0%})"
