"""What the environment says, read as what is meant; what cannot be meant is refused in a line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
env.read_env(Path(__file__).resolve().parent.parent / ".env")

_DATABASES = ("sqlite", "postgres", "postgresql", "psql", "pgsql")
_DAY = 24 * 3600
_ON, _OFF = ("true", "on", "yes", "y", "1"), ("false", "off", "no", "n", "0")


def number(
    name: str, *, least: int, most: int | None = None, default: int | None = None
) -> int | None:
    """A whole number within bounds; the default where it is not given, or "auto"."""
    given = env.str(name, default="").strip()
    if given in ("", "auto"):
        return default
    number = int(given) if given.isascii() and given.isdecimal() else -1
    if number < least or (most is not None and number > most):
        bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
        raise ImproperlyConfigured(f"{name} must be a whole number {bounds}, not {given!r}.")
    return number


def seconds(name: str, *, default: float) -> float:
    """Seconds above 0, a day at most; the default where nothing is given."""
    given = env.str(name, default="").strip()
    if not given:
        return default
    seconds = float(given) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", given) else 0.0
    if not 0 < seconds <= _DAY:
        raise ImproperlyConfigured(
            f"{name} must be a number of seconds above 0 and up to {_DAY}, such as 120, "
            f"not {given!r}."
        )
    return seconds


def listed(name: str, default: Iterable[str] = ()) -> list[str]:
    """Words between commas, with spaces around them or not; the default where there are none."""
    words = [word.strip() for word in env.str(name, default="").split(",")]
    return [word for word in words if word] or list(default)


def origins(name: str) -> list[str]:
    """Origins of pages, such as https://app.example.org, or "*" for all."""
    given = [origin.rstrip("/") for origin in listed(name)]
    for origin in given:
        if origin != "*" and not re.fullmatch(r"https?://[^/\s?#@*]+", origin):
            raise ImproperlyConfigured(
                f"{name} must be a list such as https://app.example.org,http://localhost:3000, or "
                f"* for all, not {origin!r}."
            )
    return given


def own_origins(name: str) -> list[str]:
    """Origins of the site itself, in which an asterisk stands for any subdomain."""
    given = [origin.rstrip("/") for origin in listed(name)]
    for origin in given:
        if not re.fullmatch(r"https?://(\*\.)?[^/\s?#@*]+", origin):
            raise ImproperlyConfigured(
                f"{name} must be a list such as https://chat.example.org,http://localhost:3000, "
                f"not {origin!r}."
            )
    return given


def switch(name: str, *, default: bool) -> bool:
    """On or off; the default where nothing is given."""
    given = env.str(name, default="").strip().lower()
    if given not in ("", *_ON, *_OFF):
        raise ImproperlyConfigured(f"{name} must be true or false, not {given!r}.")
    return given in _ON if given else default


def one_of(name: str, *choices: str, default: str = "") -> str:
    """One of several words in any case; the default, or the first, where none is given."""
    given = env.str(name, default="").strip()
    if not given:
        return default or choices[0]
    for choice in choices:
        if given.lower() == choice.lower():
            return choice
    known = f"{', '.join(choices[:-1])} or {choices[-1]}"
    raise ImproperlyConfigured(f"{name} must be {known}, not {given!r}.")


def log_level(name: str, *, default: str) -> str:
    """A level of the log."""
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    return one_of(name, *levels, default=default)


def time_zone(name: str, *, default: str) -> str:
    """A time zone that this machine knows."""
    given = str(env.str(name, default="")) or default
    try:
        ZoneInfo(given)
    except (LookupError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"{name} must be a time zone such as Europe/Berlin, not {given!r}."
        ) from error
    return given


def database(name: str, *, default: str) -> dict[str, Any]:
    """How the database is reached."""
    address = str(env.str(name, default="")).strip() or default
    # Its password is not to be read in a log.
    refused = ImproperlyConfigured(
        f"{name} must be an address such as postgres://user:password@host/name or "
        "sqlite:////folder/db.sqlite3."
    )
    if address.partition(":")[0].lower() not in _DATABASES:
        raise refused
    try:
        return dict(env.db_url_config(address))
    except ValueError:  # of the port, for example
        raise refused from None


def model_limits(name: str) -> dict[str, tuple[int, int]]:
    """Requests and tokens a minute by the pattern of a model's id: "gpt-5=60/90000,fake/*=10"."""
    found = {}
    for entry in listed(name):
        pattern, _, paces = entry.rpartition("=")
        numbers = paces.split("/") if pattern else []
        if not 1 <= len(numbers) <= 2 or not all(n.isascii() and n.isdecimal() for n in numbers):
            raise ImproperlyConfigured(
                f"{name} must be a list such as gpt-5=60/90000,local/*=10, of requests and, where "
                f"wanted, tokens a minute for each model, not {entry!r}."
            )
        found[pattern] = (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0)
    return found
