"""What administrators type on the models page."""

from __future__ import annotations

from django import forms


class PullForm(forms.Form):
    """The model to fetch; `services.request_download` reads it."""

    reference = forms.CharField(
        label="Model on the hub",
        max_length=300,
        help_text="For example owner/name, owner/name:Q4_K_M or owner/name/file.gguf.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class UploadForm(forms.Form):
    """A file that a browser is about to send; `stamp` is when it was changed last."""

    name = forms.CharField(max_length=255)
    size = forms.IntegerField(min_value=0)
    stamp = forms.CharField(max_length=40)
