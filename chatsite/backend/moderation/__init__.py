"""Moderation: what a text is about (Verdict), whether that stops it (Policy), and the guard that
keeps a streamed answer back until that is known. Secrets are masked here too."""

from chatsite.backend.moderation.guard import OutputGuard
from chatsite.backend.moderation.policy import CATEGORIES, DEFAULT_POLICY, Policy, blocking
from chatsite.backend.moderation.rules import RuleModerator
from chatsite.backend.moderation.secrets import Masked, mask
from chatsite.backend.moderation.upstream import UpstreamModerator

__all__ = [
    "CATEGORIES",
    "DEFAULT_POLICY",
    "Masked",
    "OutputGuard",
    "Policy",
    "RuleModerator",
    "UpstreamModerator",
    "blocking",
    "mask",
]
