"""`python -m chatsite.backend.training.score FOLDER`: the likelihoods of answers by two models.

`chatsite.backend.evaluation.scoring` starts it, and says what it reads and writes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from chatsite.backend.datasets import Chat, Judged, Preference, read_examples
from chatsite.backend.evaluation.scoring import SCORES, TASK, Scores, Task, read, write_scores

LONGEST = 2048
"""Tokens of an example; what is longer is cut."""
AT_ONCE = 2048
"""Tokens that are read at once: their likelihoods over a large vocabulary take much memory."""
_LOOK = 0.5


def main() -> None:
    """Score the task of the folder that is named on the command line."""
    parser = argparse.ArgumentParser(prog="score")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parent", type=int, default=os.getppid())
    arguments = parser.parse_args()
    threading.Thread(target=_end_with, args=(arguments.parent,), daemon=True).start()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder: Path = arguments.folder
    (folder / SCORES).unlink(missing_ok=True)
    write_scores(folder, _scores(read(folder / TASK, Task)))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


def _scores(task: Task) -> Scores:
    preferences = [one for one in _examples(task.preferences) if isinstance(one, Preference)]
    judged = [one for one in _examples(task.judged) if isinstance(one, Judged)]
    supervised = [one for one in _examples(task.supervised) if isinstance(one, Chat)]
    chats = [
        Chat(one.input + answer, one.tools)
        for one in preferences
        for answer in (one.preferred, one.rejected)
    ]
    chats += [one.chat for one in judged] + supervised
    import torch  # what is wrong with the files is told before seconds of loading

    torch.set_num_threads(task.threads)
    gains: list[float] = []
    if chats:
        pairs = zip(_sums(task.base, chats), _sums(task.candidate, chats), strict=True)
        gains = [candidate - base for base, candidate in pairs]
    both = 2 * len(preferences)
    middle = both + len(judged)
    return Scores(
        margins=tuple(gains[i] - gains[i + 1] for i in range(0, both, 2)),
        judged=tuple(zip(gains[both:middle], (one.desirable for one in judged), strict=True)),
        corrections=tuple(gains[middle:]),
        rewards=_rewards(task),
    )


def _examples(path: Path | None) -> Iterator[object]:
    return iter(()) if path is None else iter(read_examples(path))


def _sums(checkpoint: Path, chats: Sequence[Chat]) -> list[float]:
    """The sum of the log-probabilities that a model gives to each chat's learnt answers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from chatsite.backend.training.packing import IGNORED
    from chatsite.backend.training.tuning.chats import ChatForm

    device = "cuda" if torch.cuda.is_available() else "cpu"
    form = ChatForm(AutoTokenizer.from_pretrained(checkpoint))
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    model.to(device).eval()
    rows = [
        (number, row["input_ids"][:LONGEST], row["labels"][:LONGEST])
        for number, chat in enumerate(chats)
        for row in form.labelled(chat)
    ]
    sums = [0.0] * len(chats)
    for batch in _batches(rows):
        longest = max(len(ids) for _, ids, _ in batch)
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        labels = torch.full((len(batch), longest), IGNORED)
        mask = torch.zeros(len(batch), longest, dtype=torch.long)
        for i, (_, tokens, learnt) in enumerate(batch):
            ids[i, : len(tokens)] = torch.tensor(tokens)
            labels[i, : len(tokens)] = torch.tensor(learnt)
            mask[i, : len(tokens)] = 1
        with torch.no_grad():
            logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        losses = torch.nn.functional.cross_entropy(
            logits[:, :-1].transpose(1, 2).float(),
            labels[:, 1:].to(device),
            ignore_index=IGNORED,
            reduction="none",
        )
        for (number, _, _), loss in zip(batch, losses.sum(dim=1).tolist(), strict=True):
            sums[number] -= loss
    return sums


Row = tuple[int, list[int], list[int]]


def _batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows of about the same length together, AT_ONCE tokens with the padding."""
    batch: list[Row] = []
    for row in sorted(rows, key=lambda row: len(row[1])):
        if batch and len(row[1]) * (len(batch) + 1) > AT_ONCE:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _rewards(task: Task) -> tuple[tuple[float, float], ...]:
    if task.reward_model is None or not task.rated:
        return ()
    from chatsite.backend.training.tuning.rewards import RewardModel

    model = RewardModel(task.reward_model)
    found = []
    for one in task.rated:
        asked = [{"role": role, "content": text} for role, text in one.asked]
        base, candidate = (
            model.scores([[*asked, {"role": "assistant", "content": answer}]])[0]
            for answer in (one.base, one.candidate)
        )
        found.append((base, candidate))
    return tuple(found)


if __name__ == "__main__":
    main()
