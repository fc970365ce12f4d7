"""The forms of the pictures' pages."""

from __future__ import annotations

from typing import Any

from django import forms

from chatsite.backend.types import ModelInfo

SHAPES = (
    ("square", "Square"),
    ("portrait", "Portrait"),
    ("landscape", "Landscape"),
)
STYLES = (
    ("", "As described"), ("natural", "Natural"), ("vivid", "Vivid"), ("watercolor", "Watercolour"),
    ("oil", "Oil"), ("ink", "Ink"), ("pencil", "Pencil"), ("poster", "Poster"),
    ("pixel", "Pixel art"),
    ("papercut", "Paper cut"), ("stained_glass", "Stained glass"), ("neon", "Neon"),
    ("blueprint", "Blueprint"), ("sepia", "Sepia photo"),
)  # fmt: skip


class DrawForm(forms.Form):
    """What is to be drawn."""

    prompt = forms.CharField(
        max_length=4000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 1}),
        label="Describe a picture",
    )
    shape = forms.ChoiceField(choices=SHAPES, required=False)
    style = forms.ChoiceField(choices=STYLES, required=False)
    n = forms.TypedChoiceField(
        choices=[(n, str(n)) for n in (1, 2, 3, 4)], coerce=int, required=False, label="How many"
    )
    seed = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def __init__(self, models: tuple[ModelInfo, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(model.id, _label(model)) for model in models]
        self.fields["model"] = forms.ChoiceField(choices=choices, required=False)


PARTS = (
    "Top left", "Top", "Top right", "Left", "Middle", "Right", "Bottom left", "Bottom",
    "Bottom right",
)  # fmt: skip


class ChangeForm(forms.Form):
    """What is to be different, and by which model.

    Where: what the mask says or, without one, these of the nine parts; without any, everywhere.
    """

    prompt = forms.CharField(max_length=4000, strip=True, label="What should be different?")
    parts = forms.TypedMultipleChoiceField(
        choices=list(enumerate(PARTS)), coerce=int, required=False
    )
    mask = forms.FileField(required=False)

    def __init__(self, models: tuple[ModelInfo, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(model.id, _label(model)) for model in models]
        self.fields["model"] = forms.ChoiceField(choices=choices, required=False)


class RemixForm(forms.Form):
    """The words of a picture, to be drawn with others."""

    prompt = forms.CharField(max_length=4000, strip=True)


class FilterForm(forms.Form):
    """What the gallery is narrowed down to; anything that does not fit narrows nothing."""

    q = forms.CharField(required=False, max_length=200)
    model = forms.CharField(required=False, max_length=200)
    size = forms.CharField(required=False, max_length=11)
    board = forms.UUIDField(required=False)
    starred = forms.BooleanField(required=False)
    refined = forms.BooleanField(required=False)


class UploadForm(forms.Form):
    """A picture of one's own, and the board to lay it on."""

    picture = forms.FileField()
    board = forms.UUIDField(required=False)


class BoardForm(forms.Form):
    # Its popover begins with the field, so that Enter makes the board instead of closing it.
    name = forms.CharField(
        max_length=100, label="New board", widget=forms.TextInput({"autofocus": True})
    )


def _label(model: ModelInfo) -> str:
    return "Built-in illustrator" if model.built_in else model.id
