"""The usage pages: what a person used, what the whole site used, and models without a price."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from accounts import selectors, standing, usage
from accounts.charts import Chart, Series, bar_chart
from accounts.models import UsageRecord, User
from accounts.usage_csv import head, line
from chatsite.backend.registry import get_registry

DAYS = (7, 30, 90)
CHUNK = 2000


@login_required
@require_safe
def usage_page(request: HttpRequest) -> HttpResponse:
    """What the person used themselves, whoever they are."""
    user, days = _person(request), _days(request)
    keys = [key for key in selectors.keys_for(user) if key.budget_limit is not None]
    context = _context(usage.report(user, days), days)
    budgets = [each for each in standing.standings(user, keys) if each.budget is not None]
    return render(request, "accounts/usage.html", context | {"budgets": budgets})


@login_required
@require_safe
def site_usage_page(request: HttpRequest) -> HttpResponse:
    """What everybody used."""
    user, days = _administrator(request), _days(request)
    context = _context(usage.report(user, days, everybody=True), days)
    return render(request, "accounts/usage.html", context | {"everybody": True})


@login_required
@require_safe
def unpriced_page(request: HttpRequest) -> HttpResponse:
    user = _administrator(request)
    offered = [model.id for model in async_to_sync(get_registry().models)()]
    context = {"models": usage.unpriced(user, offered)}
    return render(request, "accounts/usage_unpriced.html", context)


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the usage; `share` is that of the largest part's cost, or tokens, in percent."""

    part: usage.Part
    share: float


@dataclass(frozen=True, slots=True)
class Table:
    """The parts of one kind; `column` names them."""

    title: str
    column: str
    rows: Sequence[Row]


def _context(report: usage.Report, days: int) -> dict[str, Any]:
    tables = (
        _table("Models", "Model", report.models),
        _table("API keys", "Key", report.keys),
        _table("Operations", "Operation", report.operations),
        _table("People", "Person", report.people),
    )
    return {
        "report": report,
        "days": days,
        "choices": DAYS,
        "charts": _charts(report.days) if report.total.requests else (),
        "tables": [table for table in tables if table.rows],
    }


def _table(title: str, column: str, parts: Sequence[usage.Part]) -> Table:
    costs = any(part.used.cost_nanos for part in parts)
    amounts = [part.used.cost_nanos if costs else part.used.tokens for part in parts]
    most = max(amounts, default=0) or 1
    rows = zip(parts, amounts, strict=True)
    return Table(title, column, [Row(part, round(100 * amount / most, 1)) for part, amount in rows])


def _charts(days: Sequence[usage.Day]) -> list[Chart]:
    labels = [date_format(day.date, "j M") for day in days]
    used = [day.used for day in days]
    cost = bar_chart(
        "cost",
        "Cost by day",
        labels,
        [Series("cost", "Cost", [each.usd for each in used])],
        [each.dollars for each in used],
    )
    # Where no model has a price there is nothing to draw.
    costs = [cost] if any(each.usd for each in used) else []
    return [
        *costs,
        bar_chart(
            "tokens",
            "Tokens by day",
            labels,
            [
                Series("prompt", "Prompts", [each.prompt_tokens for each in used]),
                Series("answer", "Answers", [each.completion_tokens for each in used]),
                Series("training", "Training", [each.training_tokens for each in used]),
            ],
            [f"{each.tokens:,} tokens" for each in used],
        ),
        bar_chart(
            "requests",
            "Requests by day",
            labels,
            [Series("requests", "Requests", [each.requests for each in used])],
            [f"{each.requests:,} requests" for each in used],
        ),
    ]


# --- CSV


@login_required
@require_safe
def usage_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Every request of the person's own, a line each."""
    return _csv(_person(request), _days(request), everybody=False)


@login_required
@require_safe
def site_usage_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Everybody's."""
    return _csv(_administrator(request), _days(request), everybody=True)


def _csv(user: User, days: int, *, everybody: bool) -> StreamingHttpResponse:
    records = usage.recent_records(user, days, everybody=everybody)
    rows = records.select_related("owner", "api_key").order_by("created_at", "pk")
    name = f"usage-{timezone.localdate()}.csv"
    return StreamingHttpResponse(
        _lines(rows.aiterator(chunk_size=CHUNK)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _lines(records: AsyncIterator[UsageRecord]) -> AsyncIterator[bytes]:
    lines = [head()]
    async for record in records:
        lines.append(line(record))
        if len(lines) == CHUNK:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


def _days(request: HttpRequest) -> int:
    given = request.GET.get("days", "")
    return int(given) if given in map(str, DAYS) else 30


def _administrator(request: HttpRequest) -> User:
    user = _person(request)
    if not user.is_staff:
        raise Http404
    return user


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # login_required let no one else in
