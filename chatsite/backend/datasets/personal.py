"""Secrets and personal data in a text, by kind: what should not be taught to a model."""

from __future__ import annotations

import re

from chatsite.backend.moderation.secrets import mask

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
# E.164 with its plus, in groups: without it a number may be anything.
_PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[ ()./-]{0,2}\d){7,14}(?!\d)")
_PLACEHOLDERS = re.compile(r"@example\.(?:com|org|net)$|\.(?:example|invalid|test)$", re.IGNORECASE)


def findings_in(text: str) -> set[str]:
    """What is found: "card number", "API key", ..., "email address", "phone number"."""
    found = set(mask(text).found)
    if "@" in text and any(not _PLACEHOLDERS.search(address) for address in _EMAIL.findall(text)):
        found.add("email address")
    if "+" in text and _PHONE.search(text):
        found.add("phone number")
    return found
