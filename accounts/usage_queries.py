"""The query parameters of OpenAI's usage and costs endpoints."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.http import QueryDict

from accounts.usage import Chosen
from chatsite.backend.errors import InvalidRequest

PROJECT: Final = "proj_default"
"""The one project of a site."""
LATEST = 253402300799
"""9999-12-31T23:59:59Z, in Unix seconds."""
WIDTHS = {"1m": 60, "1h": 3600, "1d": 86400}
LIMITS = {"1m": (60, 1440), "1h": (24, 168), "1d": (7, 31)}
"""How many buckets a page has, and how many it may have at most."""
COST_LIMITS = {"1d": (7, 180)}

_COMMON = {
    "start_time", "end_time", "bucket_width", "project_ids", "api_key_ids", "group_by", "limit",
    "page",
}  # fmt: skip
USAGE_PARAMETERS = frozenset(_COMMON | {"user_ids", "models"})
COST_PARAMETERS = frozenset(_COMMON)
USAGE_GROUPS = ("project_id", "user_id", "api_key_id", "model")


@dataclass(frozen=True, slots=True)
class Query:
    """What a page of buckets is to hold: from `start` to before `end`, in Unix seconds.

    `page_start` is where this page begins. Where `nothing` is set a filter excludes everything.
    """

    start: int
    end: int
    width: int
    limit: int
    page_start: int
    group_by: tuple[str, ...]
    chosen: Chosen
    nothing: bool = False

    @property
    def page_end(self) -> int:
        return min(self.page_start + self.limit * self.width, self.end)

    def buckets(self) -> Iterator[tuple[int, int, int]]:
        """For each bucket of the page the beginning that its groups are known by, and its start
        and end as far as they lie within what was asked for."""
        for bucket in range(self.page_start, self.page_end, self.width):
            yield bucket, max(bucket, self.start), min(bucket + self.width, self.end)

    @property
    def next_page(self) -> str | None:
        return f"page_{self.page_end}" if self.page_end < self.end else None


def read_query(
    given: QueryDict,
    *,
    known: frozenset[str] = USAGE_PARAMETERS,
    groups: Sequence[str] = USAGE_GROUPS,
    limits: Mapping[str, tuple[int, int]] = LIMITS,
) -> Query:
    """The parameters of a page of buckets. Raises InvalidRequest as OpenAI has it.

    A list may be given as `a=1&a=2`, as `a[]=1`, which the official clients send, or as `a=1,2`.
    """
    lists = _lists(given, known)
    start = _number(lists, "start_time", 0, LATEST)
    if start is None:
        raise InvalidRequest(
            "Missing required parameter: 'start_time'.",
            param="start_time",
            code="missing_required_parameter",
        )
    end = _number(lists, "end_time", 0, LATEST)
    if end is not None and end <= start:
        raise _invalid("end_time", "it must lie after 'start_time'")
    width_name = _one_of(lists, "bucket_width", "1d", tuple(limits))
    width = WIDTHS[width_name]
    default, most = limits[width_name]
    limit = _number(lists, "limit", 1, most)
    group_by = tuple(dict.fromkeys(_split(lists.get("group_by", ()))))
    for name in group_by:
        if name not in groups:
            raise _invalid("group_by", f"'{name}' is not one of {', '.join(groups)}")
    until = int(time.time()) + 1 if end is None else end
    first = start - start % width
    batch = _one_of(lists, "batch", "false", ("true", "false"))
    projects = _split(lists.get("project_ids", ()))
    return Query(
        start=start,
        end=-(-until // width) * width if end is None else until,
        width=width,
        limit=limit or default,
        page_start=_cursor(lists, first, until, width),
        group_by=group_by,
        chosen=Chosen(
            models=lists.get("models"),
            operations=_split(lists["sources"]) if "sources" in lists else None,
            users=_ids(lists, "user_ids", r"user-(\d{1,18})"),
            keys=_ids(lists, "api_key_ids", r"key_(\d{1,18})"),
        ),
        nothing=batch == "true" or bool(projects and PROJECT not in projects),
    )


def read_day(given: QueryDict) -> int:
    """The Unix time at which the UTC day of `date` begins. Raises InvalidRequest."""
    lists = _lists(given, frozenset({"date"}))
    text = lists["date"][-1]
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise _invalid("date", "write it as 2026-01-31") from None
    if not 1970 <= day.year < 9999:
        raise _invalid("date", "it must lie between 1970 and 9998")
    return int(day.timestamp())


def _lists(given: QueryDict, known: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, values in given.lists():
        plain = re.sub(r"\[\d*\]$", "", name)
        if plain not in known:
            raise InvalidRequest(
                f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter"
            )
        found.setdefault(plain, []).extend(values)
    return found


def _number(lists: Mapping[str, list[str]], name: str, least: int, most: int) -> int | None:
    if name not in lists:
        return None
    text = lists[name][-1]
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise InvalidRequest(
            f"Invalid type for '{name}': expected an integer.", param=name, code="invalid_type"
        )
    number = int(text)
    if not least <= number <= most:
        bound = "above_max" if number > most else "below_min"
        raise InvalidRequest(
            f"Invalid '{name}': integer must be from {least} to {most}, but got {number}.",
            param=name,
            code=f"integer_{bound}_value",
        )
    return number


def _one_of(lists: Mapping[str, list[str]], name: str, default: str, choices: Sequence[str]) -> str:
    value = lists[name][-1] if name in lists else default
    if value not in choices:
        raise _invalid(name, f"'{value}' is not one of {', '.join(choices)}")
    return value


def _cursor(lists: Mapping[str, list[str]], first: int, until: int, width: int) -> int:
    if "page" not in lists:
        return first
    found = re.fullmatch(r"page_([0-9]{1,12})", lists["page"][-1])
    start = int(found[1]) if found else -1
    if start % width or not first <= start < max(until, first + 1):
        raise _invalid("page", "give the 'next_page' of the page before, and all else as there")
    return start


def _split(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _ids(lists: Mapping[str, list[str]], name: str, pattern: str) -> list[int] | None:
    """The database's ids; an id that nobody can have is left out."""
    if name not in lists:
        return None
    matches = (re.fullmatch(pattern, value, re.ASCII) for value in _split(lists[name]))
    return [int(match[1]) for match in matches if match]


def _invalid(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"Invalid value for '{name}': {why}.", param=name, code="invalid_value")
