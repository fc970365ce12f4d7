"""Judging chat models by held-out prompts, through any backend."""
