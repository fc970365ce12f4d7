"""Documents as token arrays, and rows of whole documents packed from them.

A row holds several documents that do not see one another. Where a batch is in the data is a
function of the step alone, so a resumed run needs no other record of its position.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from chatsite.backend.training.template import END_OF_TEXT, TURN_END, TURN_START
from chatsite.backend.training.tokenizer import special_ids

IGNORED = -100  # the label that torch's cross entropy skips
_WINDOW = 4096  # pieces packed together: enough to fill rows to about 99 %

Tokens = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Encoded:
    """One document: its token ids, and for each whether the tuning loss counts it: all of a
    text, the assistant's words of a conversation."""

    tokens: Tokens
    answer: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Packed rows, each array [rows, length].

    `labels[i, j]` is the token that follows `tokens[i, j]` or IGNORED; `documents` numbers the
    documents within a row from 0, with -1 for padding.
    """

    tokens: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    documents: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: slice | npt.NDArray[np.intp]) -> Rows:
        return Rows(self.tokens[index], self.labels[index], self.documents[index])


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoded]:
    """Texts and rendered conversations as tokens. A text ends with the end-of-text token."""
    ids = special_ids(tokenizer)
    end, start, stop = ids[END_OF_TEXT], ids[TURN_START], ids[TURN_END]
    header = tokenizer.encode("assistant\n").ids
    encoded = []
    for found in _token_ids(tokenizer, texts):
        tokens = np.array(found if found[:1] == [start] else [*found, end], dtype=np.uint16)
        chat = tokens[0] == start
        counted = _answers(tokens, start, stop, header) if chat else np.ones(len(tokens), np.bool_)
        encoded.append(Encoded(tokens, counted))
    return encoded


def _token_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[int]]:
    for begin in range(0, len(texts), _WINDOW):
        for encoding in tokenizer.encode_batch_fast(list(texts[begin : begin + _WINDOW])):
            yield encoding.ids


def _answers(tokens: Tokens, start: int, stop: int, header: Sequence[int]) -> npt.NDArray[np.bool_]:
    """True on the assistant's words and the token that ends its turn."""
    answer = np.zeros(len(tokens), dtype=np.bool_)
    stops = np.flatnonzero(tokens == stop)
    for turn in np.flatnonzero(tokens == start):
        first = turn + 1 + len(header)
        if tokens[turn + 1 : first].tolist() == list(header):
            answer[first : stops[np.searchsorted(stops, first)] + 1] = True
    return answer


def sample(weights: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """A shuffled pass: document i occurs `weights[i]` times, the fraction by chance."""
    times = np.floor(weights + rng.random(len(weights))).astype(np.intp)
    order = np.repeat(np.arange(len(weights)), times)
    rng.shuffle(order)
    return order


def pack(documents: Sequence[Encoded], *, length: int, answers_only: bool) -> Rows:
    """The documents in rows of `length`, those that are longer in pieces of `length`.

    Best fit decreasing within windows. With `answers_only` the labels are the assistant's words.
    """
    pieces = [
        (document, begin)
        for document in documents
        for begin in range(0, max(len(document.tokens) - 1, 1), length)
    ]
    rows: list[list[tuple[Encoded, int]]] = []
    for begin in range(0, len(pieces), _WINDOW):
        rows += _best_fit(pieces[begin : begin + _WINDOW], length)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    labels = np.full((len(rows), length), IGNORED, dtype=np.int64)
    numbers = np.full((len(rows), length), -1, dtype=np.int16)
    for i, row in enumerate(rows):
        at = 0
        for number, (document, begin) in enumerate(row):
            size = min(length, len(document.tokens) - begin)
            following = slice(begin + 1, begin + size + 1)
            target = document.tokens[following].astype(np.int64)
            if answers_only:
                target = np.where(document.answer[following], target, IGNORED)
            tokens[i, at : at + size] = document.tokens[begin : begin + size]
            labels[i, at : at + len(target)] = target
            numbers[i, at : at + size] = number
            at += size
    return Rows(tokens, labels, numbers)


def _best_fit(
    pieces: Sequence[tuple[Encoded, int]], length: int
) -> list[list[tuple[Encoded, int]]]:
    rows: list[list[tuple[Encoded, int]]] = []
    free: list[tuple[int, int]] = []  # (free space, row), sorted
    sized = [(min(length, len(d.tokens) - begin), d, begin) for d, begin in pieces]
    for size, document, begin in sorted(sized, key=lambda piece: -piece[0]):
        fit = bisect_left(free, (size, -1))
        if fit < len(free):
            space, row = free.pop(fit)
        else:
            space, row = length, len(rows)
            rows.append([])
        rows[row].append((document, begin))
        if space > size:
            insort(free, (space - size, row))
    return rows


class Batches:
    """The batch of any step of a stage, by seed, stage and step alone."""

    def __init__(
        self,
        documents: Sequence[Encoded],
        weights: Sequence[float],
        *,
        length: int,
        size: int,
        answers_only: bool,
        seed: Sequence[int],
    ) -> None:
        used = [i for i, weight in enumerate(weights) if weight > 0]
        if not used:
            raise ValueError("There is nothing to train on: every document has the weight 0.")
        self._documents = [documents[i] for i in used]
        self._weights = np.array([weights[i] for i in used])
        self._length, self._size, self._answers_only = length, size, answers_only
        self._seed = list(seed)
        self._epoch, self._first, self._rows = -1, 0, None

    _rows: Rows | None

    def __getitem__(self, step: int) -> Rows:
        if step < self._first:
            self._epoch, self._first, self._rows = -1, 0, None
        while self._rows is None or step >= self._first + len(self._rows) // self._size:
            self._first += len(self._rows) // self._size if self._rows is not None else 0
            self._epoch += 1
            self._rows = self._pass(self._epoch)
        begin = (step - self._first) * self._size
        return self._rows[begin : begin + self._size]

    def _pass(self, epoch: int) -> Rows:
        rng = np.random.default_rng([*self._seed, epoch])
        chosen = [self._documents[i] for i in sample(self._weights, rng)]
        rows = pack(chosen, length=self._length, answers_only=self._answers_only)
        while len(rows) < self._size:  # a corpus smaller than one batch is repeated
            chosen += chosen or [self._documents[0]]
            rows = pack(chosen, length=self._length, answers_only=self._answers_only)
        return rows[rng.permutation(len(rows))]
