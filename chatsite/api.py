"""The API gateway: the /v1 table composed of the apps' own, and what all of it has in common."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Any

import orjson
from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, resolve
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from accounts import limits, request_log
from accounts.auth import caller_for_bearer
from accounts.types import Caller
from accounts.usage_api import router as usage_router
from chatsite import http, packing, replay
from chatsite.api_document import described
from chatsite.backend.errors import (
    BackendError,
    InvalidRequest,
    NotAuthenticated,
    UnsupportedMedia,
)
from chatsite.outages import failure
from chatsite.validation import invalid_request
from conversations.api import router as conversations_router
from conversations.completions_api import router as completions_router
from conversations.embeddings_api import router as embeddings_router
from conversations.feedback_api import router as feedback_router
from conversations.moderations_api import router as moderations_router
from conversations.responses_api import router as responses_router
from conversations.stored_api import router as stored_router
from finetuning.files_api import router as files_router
from finetuning.fine_tunes_api import router as fine_tunes_router
from finetuning.jobs_api import router as jobs_router
from finetuning.models_api import router as models_router
from images.api import router as images_router

logger = logging.getLogger("chatsite.gateway")

PREFIX = "/v1/"
FORM = "application/x-www-form-urlencoded"
PAGE = "/v1/docs"
"""The one page under /v1, for people to read and try the API: chatsite.docs_page."""


def is_endpoint(path: str) -> bool:
    """Whether the gateway answers this path, and not the pages' handler."""
    return path == "/v1" or (path.startswith(PREFIX) and path != PAGE)


class JSONParser(Parser):
    """Parses bodies with orjson, and says clearly what is no JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        kind = request.content_type or ""
        # Scripts that leave the type to curl or a browser say one of the last two.
        if not kind.endswith("json") and kind not in ("", FORM, "text/plain"):
            raise UnsupportedMedia(f"The body has to be application/json, not {kind}.")
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise InvalidRequest(
                f"The body of the request is not valid JSON: {error}.", code="invalid_json"
            ) from error
        if isinstance(body, dict):
            request.requested_model = body.get("model")  # type: ignore[attr-defined]  # for the log
        request.parsed = body  # type: ignore[attr-defined]  # for what validation has to say of it
        return body


async def bearer(request: HttpRequest) -> Caller:
    """Who is calling. Raises NotAuthenticated, or NotPermitted where the key is not for this."""
    caller: Caller | None = getattr(request, "caller", None)
    if caller is not None:
        return caller
    caller = await caller_for_bearer(request, _scope(request))
    if caller is None:
        given = (
            "Incorrect API key provided."
            if request.headers.get("Authorization")
            else (
                "You didn't provide an API key. Send it in the Authorization header: "
                "'Authorization: Bearer YOUR_KEY'."
            )
        )
        raise NotAuthenticated(f"{given} Keys are made on your settings page.")
    request.caller = caller  # type: ignore[attr-defined]
    return caller


_SCOPES = {
    "organization": "usage",
    "uploads": "files",
    "generate-image": "images",
    "fine-tunes": "fine_tuning",
}


def _scope(request: HttpRequest) -> str:
    """The group of endpoints that is asked for: the address's first part, but for a few."""
    first = request.path_info.removeprefix(PREFIX).partition("/")[0]
    return _SCOPES.get(first, first)


api = NinjaAPI(
    title=f"{settings.SITE_NAME} API",
    version="1",
    urls_namespace="v1",
    auth=bearer,
    parser=JSONParser(),
    docs_url=None,
    openapi_url=None,
)
api.add_router("", conversations_router)
api.add_router("", completions_router)
api.add_router("", embeddings_router)
api.add_router("", moderations_router)
api.add_router("", models_router)
api.add_router("", responses_router)
api.add_router("", stored_router)
api.add_router("", feedback_router)
api.add_router("", images_router)
api.add_router("", files_router)
api.add_router("", jobs_router)
api.add_router("", fine_tunes_router)
api.add_router("", usage_router)


@api.get("/openapi.json", auth=None, include_in_schema=False)
async def openapi_document(request: HttpRequest) -> HttpResponse:
    return HttpResponse(await described(), content_type="application/json")


@cache
def document() -> bytes:
    """The OpenAPI document, as JSON. It takes over a second, and types that stay in memory."""
    from chatsite import openapi

    return orjson.dumps(openapi.document(api, PREFIX))


urlpatterns = [path("v1/", api.urls)]


@api.exception_handler(BackendError)
def _on_backend_error(request: HttpRequest, error: BackendError) -> HttpResponse:
    return http.error_response(error)


@api.exception_handler(ValidationError)
def _on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return http.error_response(invalid_request(error.errors, getattr(request, "parsed", None)))


@api.exception_handler(HttpError)
def _on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # ninja turns whatever a parser raises into an error of its own.
    if isinstance(error.__cause__, BackendError):
        return http.error_response(error.__cause__)
    return http.json_response(
        http.error_body(str(error), kind="invalid_request_error"), error.status_code
    )


class GatewayMiddleware:
    """Answers every request under /v1 but that for its page, and passes on all others.

    It stands before the page's middleware, which an API call has no use for, and makes sure that
    whatever happens the answer is JSON and carries a request id and its processing time.
    """

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_endpoint(request.path_info):
            return await self.get_response(request)
        response = await request_log.observe(request, self._reply(request))
        await packing.pack_reply(request, response)
        return response

    async def _reply(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request.request_id = http.request_id()  # type: ignore[attr-defined]
        if settings.HTTPS and not request.is_secure():
            words = "Use https: a key must not travel in the clear."
            response: HttpResponseBase = _problem(403, words, code="insecure")
        elif "%00" in request.META["QUERY_STRING"]:
            # No text in PostgreSQL may have it, and so nothing can be found by it.
            words = "A parameter cannot have the character NUL."
            response = _problem(400, words, code="invalid_value")
        else:
            response = await self._answer(request)
        caller: Caller | None = getattr(request, "caller", None)
        waited = 0.0
        if caller is not None:
            waited = caller.exchange.waited
            for name, value in limits.headers(caller.exchange):
                response[name] = value
        overhead = time.perf_counter() - started - waited
        response["x-chatsite-overhead-ms"] = f"{max(1000 * overhead, 0):.1f}"
        response["x-request-id"] = request.request_id  # type: ignore[attr-defined]
        response["openai-processing-ms"] = str(round(1000 * (time.perf_counter() - started)))
        response["openai-version"] = "2020-10-01"
        response["x-content-type-options"] = "nosniff"
        if isinstance(response, HttpResponse):
            response["content-length"] = str(len(response.content))
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            if "HTTP_CONTENT_ENCODING" in request.META:
                await bearer(request)  # nothing is unpacked for a stranger
                await packing.unpack(request)
            match = resolve(request.path_info, urlconf=__name__)
            request.resolver_match = match
            view = partial(match.func, request, *match.args, **match.kwargs)
            if replay.applies(request) and (key := (await bearer(request)).api_key) is not None:
                response: HttpResponseBase = await replay.once(request, key, view)
            else:
                response = await view()
        except Http404:  # Resolver404 is one, too
            return _problem(
                404, f"Invalid URL ({request.method} {request.path})", code="unknown_url"
            )
        except RequestDataTooBig:
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2
            return _problem(413, f"The body is larger than {limit} MB.", code="request_too_large")
        except BackendError as error:
            return http.error_response(error)
        except Exception as error:  # noqa: BLE001 - logged there
            what = f"{request.method} {request.path} failed"
            return http.error_response(failure(error, logger, what))
        if response.status_code == 405:
            allowed = response.get("allow", "")
            refusal = _problem(
                405,
                f"Not allowed to {request.method} on {request.path}. Allowed: {allowed}.",
                code="method_not_allowed",
            )
            refusal["allow"] = allowed
            return refusal
        return response


def _problem(status: int, message: str, *, code: str) -> HttpResponse:
    body = http.error_body(message, kind="invalid_request_error", code=code)
    return http.json_response(body, status)
