"""The usage and costs endpoints of /v1, in OpenAI's present and former shapes.

An administrator's key sees the whole site, anybody else's what they used themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts import standing, usage, usage_queries
from accounts.models import User
from accounts.types import Caller
from accounts.usage import Group, Kind, Used
from accounts.usage_queries import PROJECT, Query, read_query
from chatsite.backend.errors import InvalidRequest
from chatsite.http import json_response

router = Router(tags=["Usage"])

DAY = 86400
FIVE_MINUTES = 300
ORGANIZATION = "org-site"

# --- today's shape

_FIELDS = {"user_id": "owner", "api_key_id": "api_key", "model": "model", "source": "operation"}
"""What can be grouped by in the ledger. All else is the same for every request."""


def _completions(used: Used) -> dict[str, Any]:
    return {
        "input_tokens": used.prompt_tokens,
        "output_tokens": used.completion_tokens,
        "input_cached_tokens": used.cached_tokens,
        "input_uncached_tokens": used.prompt_tokens - used.cached_tokens,
        "input_audio_tokens": 0,
        "output_audio_tokens": 0,
        "num_model_requests": used.requests,
    }


def _reading(used: Used) -> dict[str, Any]:
    return {"input_tokens": used.prompt_tokens, "num_model_requests": used.requests}


def _images(used: Used) -> dict[str, Any]:
    return {"images": used.images, "num_model_requests": used.requests}


_AMOUNTS: dict[Kind, Callable[[Used], dict[str, Any]]] = {
    "completions": _completions,
    "embeddings": _reading,
    "moderations": _reading,
    "images": _images,
}
_GROUPS: dict[Kind, tuple[str, ...]] = {
    "completions": (*usage_queries.USAGE_GROUPS, "batch", "service_tier"),
    "embeddings": usage_queries.USAGE_GROUPS,
    "moderations": usage_queries.USAGE_GROUPS,
    "images": (*usage_queries.USAGE_GROUPS, "source"),
}
_PARAMETERS: dict[Kind, frozenset[str]] = {
    "completions": usage_queries.USAGE_PARAMETERS | {"batch"},
    "images": usage_queries.USAGE_PARAMETERS | {"sources"},
}


def _parameters(names: Iterable[str], groups: Sequence[str], most: int) -> dict[str, Any]:
    """The query parameters, for the OpenAPI document."""
    integer, text = {"type": "integer", "minimum": 0}, {"type": "string"}
    schemas: dict[str, dict[str, Any]] = {
        "start_time": integer,
        "end_time": integer,
        "limit": {"type": "integer", "minimum": 1, "maximum": most},
        "bucket_width": {"type": "string", "enum": ["1m", "1h", "1d"] if most > 180 else ["1d"]},
        "page": text,
        "batch": {"type": "boolean"},
        "group_by": {"type": "array", "items": {"type": "string", "enum": list(groups)}},
    }
    lists = {"type": "array", "items": text}
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name == "start_time",
                "schema": schemas.get(name, lists),
            }
            for name in sorted(names)
        ]
    }


def _usage_endpoint(kind: Kind) -> Callable[[HttpRequest], Any]:
    known = _PARAMETERS.get(kind, usage_queries.USAGE_PARAMETERS)

    async def get_usage(request: HttpRequest) -> HttpResponse:
        query = read_query(request.GET, known=known, groups=_GROUPS[kind])
        return json_response(await _page(_user(request), query, (kind,)))

    get_usage.__name__ = f"get_{kind}_usage"
    return get_usage


for _kind in _AMOUNTS:
    router.get(
        f"/organization/usage/{_kind}",
        summary=f"Usage of {_kind} by time",
        openapi_extra=_parameters(
            _PARAMETERS.get(_kind, usage_queries.USAGE_PARAMETERS), _GROUPS[_kind], 1440
        ),
    )(_usage_endpoint(_kind))


async def _page(user: User, query: Query, kinds: Sequence[Kind]) -> dict[str, Any]:
    """The page of buckets with the results of each of these kinds."""
    results: dict[int, list[dict[str, Any]]] = {}
    for kind in kinds:
        for group in await _groups(user, query, kind):
            result = {
                "object": f"organization.usage.{kind}.result",
                **_AMOUNTS[kind](group.used),
                **_names(query, _GROUPS[kind], group),
            }
            results.setdefault(group.bucket, []).append(result)
    return _paged(query, results)


async def _groups(user: User, query: Query, kind: Kind | None) -> list[Group]:
    start = max(query.page_start, query.start)
    if query.nothing or start >= query.page_end:
        return []
    fields = ["model", "operation"] if "line_item" in query.group_by else []
    fields += [_FIELDS[name] for name in query.group_by if name in _FIELDS]
    return await sync_to_async(usage.groups)(
        user,
        start,
        query.page_end,
        query.width,
        kind=kind,
        by=fields,
        chosen=query.chosen,
    )


def _paged(query: Query, results: Mapping[int, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": start,
                "end_time": end,
                "results": results.get(bucket, []),
            }
            for bucket, start, end in query.buckets()
        ],
        "has_more": query.next_page is not None,
        "next_page": query.next_page,
    }


def _names(query: Query, groups: Sequence[str], group: Group) -> dict[str, Any]:
    """The fields that results can be grouped by; null where they were not."""
    values = {
        "project_id": PROJECT,
        "batch": False,
        "service_tier": "default",
        "model": group.by.get("model"),
        "source": group.by.get("operation"),
        "user_id": _user_id(group.by.get("owner")),
        "api_key_id": _key_id(group.by.get("api_key")),
    }
    return {name: values[name] if name in query.group_by else None for name in groups}


def _user_id(pk: int | None) -> str | None:
    return None if pk is None else f"user-{pk}"


def _key_id(pk: int | None) -> str | None:
    return None if pk is None else f"key_{pk}"


# --- costs

_COST_GROUPS = ("project_id", "line_item", "api_key_id")


@router.get(
    "/organization/costs",
    summary="Costs by day",
    openapi_extra=_parameters(usage_queries.COST_PARAMETERS, _COST_GROUPS, 180),
)
async def get_costs(request: HttpRequest) -> HttpResponse:
    query = read_query(
        request.GET,
        known=usage_queries.COST_PARAMETERS,
        groups=_COST_GROUPS,
        limits=usage_queries.COST_LIMITS,
    )
    results: dict[int, list[dict[str, Any]]] = {}
    for group in await _groups(_user(request), query, None):
        results.setdefault(group.bucket, []).append(_cost(query, group))
    return json_response(_paged(query, results))


def _cost(query: Query, group: Group) -> dict[str, Any]:
    used, itemised = group.used, "line_item" in query.group_by
    of_images = used.images > 0 and not used.tokens
    return {
        "object": "organization.costs.result",
        "amount": {"value": used.usd, "currency": "usd"},
        "line_item": f"{group.by['model']}, {group.by['operation']}" if itemised else None,
        "project_id": PROJECT if "project_id" in query.group_by else None,
        "api_key_id": _key_id(group.by.get("api_key")),
        "quantity": (used.images if of_images else used.tokens) if itemised else None,
        "quantity_unit": ("images" if of_images else "tokens") if itemised else None,
    }


# --- the former shape


@router.get(
    "/usage",
    summary="Usage of a day, or by time",
    openapi_extra={
        "parameters": [
            {
                "name": "date",
                "in": "query",
                "description": "A day in UTC, for the former shape; or give start_time.",
                "schema": {"type": "string", "format": "date"},
            },
            *(
                each | {"required": False}
                for each in _parameters(
                    usage_queries.USAGE_PARAMETERS, usage_queries.USAGE_GROUPS, 1440
                )["parameters"]
            ),
        ]
    },
)
async def get_day(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    if "date" not in request.GET:
        if "start_time" not in request.GET:
            raise InvalidRequest(
                "Missing required parameter: 'date' (or 'start_time').",
                param="date",
                code="missing_required_parameter",
            )
        return json_response(await _page(user, read_query(request.GET), tuple(_AMOUNTS)))
    start = usage_queries.read_day(request.GET)
    found = await sync_to_async(usage.groups)(
        user, start, start + DAY, FIVE_MINUTES, by=tuple(_DAY_FIELDS)
    )
    rows: dict[str, list[dict[str, Any]]] = {"data": [], "dalle_api_data": [], "ft_data": []}
    for group in found:
        match usage.kind_of(group.by["operation"]):
            case "images":
                rows["dalle_api_data"].append(_day_images(group))
            case "training":
                rows["ft_data"].append(_day_training(group))
            case kind:
                rows["data"].append(_day_tokens(group, kind))
    return json_response(
        {
            "object": "list",
            "data": rows["data"],
            "ft_data": rows["ft_data"],
            "dalle_api_data": rows["dalle_api_data"],
            "whisper_api_data": [],
            "tts_api_data": [],
            "assistant_code_interpreter_data": [],
            "retrieval_storage_data": [],
            "current_usage_usd": sum((group.used for group in found), Used()).usd,
        }
    )


_DAY_FIELDS = (
    "operation", "model", "owner", "owner__email", "api_key", "api_key__name", "api_key__prefix",
)  # fmt: skip


def _whose(group: Group) -> dict[str, Any]:
    by = group.by
    keyed = by["api_key"] is not None
    return {
        "organization_id": ORGANIZATION,
        "organization_name": settings.SITE_NAME,
        "project_id": PROJECT,
        "project_name": "Default project",
        "api_key_id": _key_id(by["api_key"]),
        "api_key_name": by["api_key__name"],
        "api_key_redacted": f"{by['api_key__prefix']}..." if keyed else None,
        "api_key_type": "user" if keyed else None,
    }


def _day_tokens(group: Group, kind: Kind) -> dict[str, Any]:
    used = group.used
    return {
        **_whose(group),
        "aggregation_timestamp": group.bucket,
        "n_requests": used.requests,
        "operation": "completion" if kind == "completions" else kind,
        "snapshot_id": group.by["model"],
        "n_context_tokens_total": used.prompt_tokens,
        "n_generated_tokens_total": used.completion_tokens,
        "n_cached_context_tokens_total": used.cached_tokens,
        "n_context_audio_tokens_total": 0,
        "n_generated_audio_tokens_total": 0,
        "email": group.by["owner__email"],
        "request_type": "",
    }


def _day_images(group: Group) -> dict[str, Any]:
    return {
        **_whose(group),
        "timestamp": group.bucket,
        "num_images": group.used.images,
        "num_requests": group.used.requests,
        "image_size": None,
        "operation": group.by["operation"].removeprefix("image."),
        "user_id": _user_id(group.by["owner"]),
        "model_id": group.by["model"],
    }


def _day_training(group: Group) -> dict[str, Any]:
    return {
        **_whose(group),
        "aggregation_timestamp": group.bucket,
        "n_requests": group.used.requests,
        "operation": "training",
        "snapshot_id": group.by["model"],
        "n_trained_tokens_total": group.used.training_tokens,
        "email": group.by["owner__email"],
    }


# --- what is left


@router.get("/usage/limits", summary="What the key and its owner may use, and what is left")
async def get_limits(request: HttpRequest) -> HttpResponse:
    caller = _caller(request)
    keys = [caller.api_key] if caller.api_key else []
    person, *of_keys = await sync_to_async(standing.standings)(caller.user, keys)
    return json_response(
        {
            "object": "usage.limits",
            "person": _standing(person),
            "api_key": _standing(of_keys[0]) if of_keys else None,
        }
    )


def _standing(stands: standing.Standing) -> dict[str, Any]:
    """Amounts of a budget are in its unit: tokens, or US dollars."""
    budget = stands.budget
    return {
        "id": _key_id(stands.key.pk) if stands.key else None,
        "requests_per_minute": stands.requests_per_minute,
        "tokens_per_minute": stands.tokens_per_minute,
        "budget": None
        if budget is None
        else {
            "unit": budget.unit,
            "period": budget.period,
            "limit": budget.in_unit(budget.limit),
            "used": budget.in_unit(budget.used),
            "remaining": budget.in_unit(budget.left),
            "resets_at": int(budget.resets_at.timestamp()),
        },
    }


def _caller(request: HttpRequest) -> Caller:
    return cast("Caller", request.auth)  # type: ignore[attr-defined]  # set by ninja


def _user(request: HttpRequest) -> User:
    return _caller(request).user
