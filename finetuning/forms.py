"""What people give on the pages of files."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import orjson
from django import forms
from django.http import QueryDict

from finetuning.models import UploadedFile

ROWS = 3
"""Empty examples that a new form has, and that one may ask for more of."""
MOST_ROWS = 200


class UploadForm(forms.Form):
    """A file that a browser is about to send; `stamp` is when it was changed last."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=0)
    stamp = forms.CharField(max_length=40)
    purpose = forms.ChoiceField(choices=UploadedFile.Purpose.choices)


class WriteForm(forms.Form):
    """Examples that are written in the page: question and answer, or JSON Lines."""

    filename = forms.CharField(label="Name of the file", max_length=200, initial="examples.jsonl")
    lines = forms.CharField(
        label="JSON Lines",
        required=False,
        strip=False,
        help_text="One example a line, in any of the three forms that fine-tuning takes.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        pairs: list[tuple[str, str]] = []
        if data is not None:
            questions, answers = data.getlist("question"), data.getlist("answer")
            pairs = list(zip_longest(questions, answers, fillvalue=""))[:MOST_ROWS]
        self.pairs = pairs or [("", "")] * ROWS

    def add_rows(self) -> None:
        """Make room for more examples."""
        self.pairs = [*self.pairs, *[("", "")] * ROWS][:MOST_ROWS]

    @property
    def full(self) -> bool:
        return len(self.pairs) >= MOST_ROWS

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = {**self.cleaned_data}
        written = [pair for pair in self.pairs if any(text.strip() for text in pair)]
        for number, pair in enumerate(self.pairs, 1):
            if pair in written and not all(text.strip() for text in pair):
                lacking = "no answer" if pair[0].strip() else "no question"
                self.add_error(None, f"Example {number} has {lacking}.")
        lines = given.get("lines", "").strip()
        if lines and written:
            self.add_error(None, "Give either questions with answers or JSON Lines, not both.")
        elif not lines and not written:
            self.add_error(None, "Write at least one example.")
        given["content"] = lines.encode() or b"".join(map(_line, written))
        return given


def _line(pair: tuple[str, str]) -> bytes:
    turns = [
        {"role": role, "content": text.strip().replace("\r\n", "\n")}
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    return orjson.dumps({"messages": turns}, option=orjson.OPT_APPEND_NEWLINE)
