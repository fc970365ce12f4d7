from __future__ import annotations

from django import forms


class RenameForm(forms.Form):
    """A conversation's title."""

    title = forms.CharField(max_length=200, strip=True)
