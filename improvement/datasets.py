"""Making a dataset of what people said: versions, files, and what became of every rating."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Max

from accounts.models import User
from chatsite.backend import feedback
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.feedback import Feedback, Learnt, Made, Part, example_to_json
from chatsite.backend.moderation import RuleModerator
from chatsite.backend.moderation.rules import verdict_on
from conversations import training_feedback
from finetuning import services as files
from finetuning import storing
from finetuning.models import UploadedFile
from improvement.models import KINDS, PARTS, Dataset, DatasetRating, Exclusion

HELD_OUT = 0.2
"""The share of conversations that nothing is learnt from; of 200 ratings 40 are left as proof."""
EXCLUDED = "excluded"
_AT_ONCE = 1000

Lines = Mapping[tuple[str, str], Sequence[bytes]]
"""Each part's and kind's examples, as lines of JSON."""


class NothingToLearn(InvalidRequest):
    """No rating makes an example to train on."""

    code = "nothing_to_learn"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A dataset before it has a row: its lines, and its ratings by their ids."""

    lines: Lines
    ratings: tuple[DatasetRating, ...]
    counts: Mapping[str, Any]

    @property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for (part, kind), lines in sorted(self.lines.items()):
            digest.update(f"{part}/{kind}\n".encode())
            digest.update(b"".join(lines))
        # Other ratings that say the same make the same lines, and are other people's to take back.
        for row in sorted(self.ratings, key=lambda row: row.rating):
            digest.update(f"{row.rating} {row.fate} {row.part}\n".encode())
        return digest.hexdigest()


def make_dataset(owner: User, *, made_by: User | None, share: float = HELD_OUT) -> Dataset:
    """The dataset of all feedback there is; the version of these very ratings, if there is one.

    `owner` gets its files, which are checked like any other. Raises NothingToLearn, and as
    `finetuning.services.keep_file`.
    """
    draft = _drafted(share)
    if not any(draft.lines["training", kind] for kind in KINDS):
        raise NothingToLearn("There are no ratings that a model could learn from yet.")
    digest = draft.digest
    with transaction.atomic():
        known = Dataset.objects.select_for_update().filter(digest=digest).first()
        if known is not None and _complete(known, draft.lines):
            return known
        dataset = known or Dataset(
            number=(Dataset.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
            made_by=made_by,
            share_held_out=share,
            digest=digest,
        )
        dataset.counts = draft.counts
        for (part, kind), lines in draft.lines.items():
            name = f"dataset-{dataset.number}-{part.replace('_', '-')}-{kind}.jsonl"
            setattr(dataset, f"{part}_{kind}", _file(owner, name, lines) if lines else None)
        dataset.save()
        dataset.ratings.all().delete()
        for rating in draft.ratings:
            rating.dataset = dataset
        DatasetRating.objects.bulk_create(draft.ratings, batch_size=_AT_ONCE)
    return dataset


def _drafted(share: float) -> _Draft:
    excluded = set(Exclusion.objects.values_list("rating", flat=True))
    kept: list[Feedback] = []
    left_out: list[str] = []
    for said in training_feedback.feedback():
        if said.id in excluded:
            left_out.append(said.id)
        else:
            kept.append(said)
    built = feedback.build(
        kept, allowed=allowed, opted_out=training_feedback.opted_out(), held_out=share
    )
    rows = {rating: DatasetRating(rating=rating, fate=fate) for rating, fate in built.fates.items()}
    rows |= {rating: DatasetRating(rating=rating, fate=EXCLUDED) for rating in left_out}
    lines: dict[tuple[str, str], Sequence[bytes]] = {}
    for name in PARTS:
        part: Part = getattr(built, name)
        for kind in KINDS:
            made: Sequence[Made[Learnt]] = getattr(part, kind)
            lines[name, kind] = [_line(one.example) for one in made]
            for number, one in enumerate(made):
                for rating in one.ratings:
                    rows[rating].part = name
                    setattr(rows[rating], kind, number)
    counts: dict[str, Any] = {
        name: {kind: len(lines[name, kind]) for kind in KINDS} for name in PARTS
    }
    counts["fates"] = {**built.counts, **({EXCLUDED: len(left_out)} if left_out else {})}
    return _Draft(lines, tuple(rows.values()), counts)


def allowed(text: str) -> bool:
    """Whether the embedded moderation finds nothing in a text; it needs no network."""
    return not verdict_on(RuleModerator().matches(text)).flagged


def _line(example: Learnt) -> bytes:
    return orjson.dumps(example_to_json(example), option=orjson.OPT_APPEND_NEWLINE)


def _complete(dataset: Dataset, lines: Lines) -> bool:
    """Whether no file of the dataset has been deleted."""
    return all(dataset.file(*key) is not None for key, several in lines.items() if several)


def _file(owner: User, name: str, lines: Sequence[bytes]) -> UploadedFile:
    with tempfile.NamedTemporaryFile(dir=storing.incoming(), delete=False) as draft:
        draft.writelines(lines)
    path = Path(draft.name)
    try:
        return files.keep_file(owner, files.take_in(path, name, UploadedFile.Purpose.FINE_TUNE))
    finally:
        path.unlink(missing_ok=True)
