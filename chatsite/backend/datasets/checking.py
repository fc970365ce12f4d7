"""The check of a training file: what a model would learn from it, and what it could not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from chatsite.backend.datasets.examples import Example, Preference, digest, text_of, tools_text
from chatsite.backend.datasets.fingerprints import Fingerprints
from chatsite.backend.datasets.lines import ByteStream, Line, lines_of
from chatsite.backend.datasets.parsing import FaultyExample, parse_example, read_form
from chatsite.backend.datasets.personal import findings_in
from chatsite.backend.datasets.report import SHOWN_FAULTS, Fault, Format, Report

TokenCounter = Callable[[str], int]
TURN_TOKENS = 4
"""What a chat template adds to each turn."""


def check_file(stream: ByteStream, count: TokenCounter, *, window: int) -> Report:
    """Read a training file from where the stream stands to its end.

    Memory does not grow with the file. `window` is how many tokens of an example a model would
    see.
    """
    tally = _Tally(count, window)
    with tally.seen:
        for line in lines_of(stream):
            tally.add(line)
        return tally.report()


def count_overlap(training: ByteStream, validation: ByteStream) -> int:
    """How many examples of a validation file stand in the training file, too."""
    with Fingerprints() as learnt, Fingerprints() as held_out:
        for stream, seen in ((training, learnt), (validation, held_out)):
            for example in _sound_examples(stream):
                seen.add(digest(example))
        return held_out.shared_with(learnt)


def _sound_examples(stream: ByteStream) -> Iterator[Example]:
    for line in lines_of(stream):
        try:
            yield parse_example(line.content)
        except FaultyExample:
            continue


class _Tally:
    """What has been found so far."""

    def __init__(self, count: TokenCounter, window: int) -> None:
        self.seen = Fingerprints()
        self._count = count
        self._window = window
        self._format: Format = ""
        self._lines = self._examples = self._tokens = self._learnt = self._truncated = 0
        self._longest = (0, 0)
        self._findings: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._fault_counts: Counter[str] = Counter()

    def add(self, line: Line) -> None:
        self._lines += 1
        try:
            form, example = read_form(line.content)
            self._require_format(form)
        except FaultyExample as error:
            error.line = line.number
            self._fault_counts[error.fault.kind] += 1
            if len(self._faults) < SHOWN_FAULTS:
                self._faults.append(error.fault)
            return
        self._examples += 1
        self.seen.add(digest(example))
        texts, tools = [text_of(turn) for turn in example.turns], tools_text(example)
        self._findings.update(findings_in("\n".join([*texts, tools])))
        self._weigh(example, texts, self._count(tools), line.number)

    def _require_format(self, form: Format) -> None:
        self._format = self._format or form
        # The old form is another way to write a chat; what was judged is something else.
        if form != self._format and {form, self._format} & {"preference", "judged"}:
            raise FaultyExample(
                "",
                "mixed_formats",
                "Conversations, preferences or judged answers stand in one file.",
                "Put them into a file each: they are learnt in different ways.",
            )

    def _weigh(self, example: Example, texts: list[str], described: int, line: int) -> None:
        """Count the tokens of an example, whose tools take `described` of them."""
        each = [self._count(text) + TURN_TOKENS for text in texts]
        if isinstance(example, Preference):
            # Each of the two answers is read behind the input.
            asked, chosen = len(example.input), len(example.input) + len(example.preferred)
            outputs = sum(each[asked:chosen]), sum(each[chosen:])
            length = sum(each[:asked]) + max(outputs) + described
            learnt = sum(outputs)
        else:
            length = sum(each) + described
            answers = zip(example.turns, each, strict=True)
            learnt = sum(n for turn, n in answers if turn.role == "assistant" and turn.weight)
        self._tokens += sum(each) + described
        self._learnt += learnt
        self._truncated += length > self._window
        self._longest = max(self._longest, (length, -line))

    def report(self) -> Report:
        return Report(
            format=self._format,
            lines=self._lines,
            examples=self._examples,
            tokens=self._tokens,
            learnt_tokens=self._learnt,
            longest=self._longest[0],
            longest_line=-self._longest[1],
            window=self._window,
            truncated=self._truncated,
            duplicates=self.seen.repeated(),
            findings=dict(self._findings.most_common()),
            faults=tuple(self._faults),
            fault_counts=dict(self._fault_counts.most_common()),
        )
