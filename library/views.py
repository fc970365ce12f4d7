"""The models page. Everybody sees what is there; administrators change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest, ModelNotFound, NotPermitted
from chatsite.backend.library.shelf import readable_size
from chatsite.backend.pieces import Upload, WrongOffsetError
from library import promotion, selectors, services
from library.forms import PullForm, UploadForm
from library.models import Download
from library.tasks import run_download

PIECE = 4 * 1024**2
"""Bytes of an upload that a browser sends at a time, where the site takes so large a body."""
READ = 256 * 1024
DIGITS = 18
"""Of the greatest offset: an exabyte."""
SALT = "library.upload"

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User
    htmx: HtmxDetails


View = Callable[Concatenate[PageRequest, P], HttpResponse]


def _for_administrators(view: View[P]) -> View[P]:
    """Others are refused, and what is not there is not found."""

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except Download.DoesNotExist:
            raise Http404 from None
        except NotPermitted as error:
            raise PermissionDenied from error

    return login_required(guarded)


@login_required
@require_GET
def models(request: PageRequest) -> HttpResponse:
    """Every backend with its models, what is on its way, and how to add more."""
    return _page(request, PullForm())


def _page(request: PageRequest, form: PullForm, status: int = 200) -> HttpResponse:
    context = {
        **_listed(request),
        "models_folder": str(settings.DATA_DIR / "models"),
        **_downloads(request, form),
    }
    return render(request, "library/models.html", context, status=status)


@login_required
@require_GET
def backends(request: PageRequest) -> HttpResponse:
    """The list alone, for a page on which something has changed."""
    if not request.htmx:
        return redirect("library:models")
    return render(request, "library/_backends.html", _listed(request))


def _listed(request: PageRequest) -> dict[str, Any]:
    return {
        "aliases": selectors.aliases_for(request.user),
        "backends": selectors.backends_for(request.user),
    }


# --- downloads


@_for_administrators
@require_http_methods(["GET", "POST"])
def downloads(request: PageRequest) -> HttpResponse:
    """The downloads and the form for another one."""
    form = PullForm(request.POST or None)
    if form.is_valid():
        try:
            download = services.request_download(request.user, form.cleaned_data["reference"])
        except InvalidRequest as error:
            form.add_error("reference", error.message)
        else:
            _send_for(download.id)
            form = PullForm()
    if request.htmx:
        return _downloads_part(request, form)
    return _page(request, form, 422) if form.errors else redirect("library:models")


@_for_administrators
@require_GET
def progress(request: PageRequest, download_id: UUID) -> HttpResponse:
    """How far one download is. When it has ended the page is told to fetch the lists."""
    try:
        download = selectors.download_for(request.user, download_id)
    except Download.DoesNotExist:  # dismissed in another tab; htmx asks no more after a 286
        return HttpResponse(status=286, headers={"HX-Trigger": "downloads-changed"})
    response = render(request, "library/_progress.html", {"download": _row(download)})
    if not download.active:
        response["HX-Trigger"] = "downloads-changed, models-changed"
    return response


@_for_administrators
@require_POST
def cancel(request: PageRequest, download_id: UUID) -> HttpResponse:
    services.cancel_download(request.user, download_id)
    return _downloads_part(request, PullForm())


@_for_administrators
@require_POST
def retry(request: PageRequest, download_id: UUID) -> HttpResponse:
    try:
        services.retry_download(request.user, download_id)
    except InvalidRequest as error:
        messages.error(request, error.message)
    else:
        _send_for(download_id)
    return _downloads_part(request, PullForm())


@_for_administrators
@require_POST
def dismiss(request: PageRequest, download_id: UUID) -> HttpResponse:
    services.dismiss_download(request.user, download_id)
    return _downloads_part(request, PullForm())


def _send_for(download_id: UUID) -> None:
    # Where the queue cannot be reached now, the sweep sends for it later.
    transaction.on_commit(partial(run_download.delay, str(download_id)), robust=True)


def _downloads_part(request: PageRequest, form: PullForm) -> HttpResponse:
    if not request.htmx:
        return redirect("library:models")
    status = 422 if form.errors else 200
    return render(request, "library/_downloads.html", _downloads(request, form), status=status)


def _downloads(request: PageRequest, form: PullForm) -> dict[str, Any]:
    rows = [_row(download) for download in selectors.downloads_for(request.user)]
    return {"form": form, "downloads": rows, "hub": settings.HUB_ENDPOINT}


def _row(download: Download) -> dict[str, Any]:
    """A download in the words of the page."""
    done, total = download.bytes_done, download.bytes_total
    amount = f"{readable_size(done)} of {readable_size(total)}" if total else ""
    stages = {"checking": "Checking what has arrived", "converting": "Converting"}
    words = {
        Download.State.QUEUED: "Waiting for its turn",
        Download.State.RUNNING: stages.get(download.stage, amount or "Asking the hub"),
        Download.State.DONE: f"Here as {download.model}",
        Download.State.FAILED: download.error,
        Download.State.CANCELLED: f"Cancelled{amount and f' at {amount}'}",
    }[Download.State(download.state)]
    return {
        "id": download.id,
        "reference": download.reference,
        "state": download.state,
        "active": download.active,
        "measured": bool(total) and download.stage != "converting",
        "done": done,
        "total": total,
        "words": words,
    }


# --- uploads: JSON, for static/js/upload.js


@_for_administrators
@require_POST
def begin_upload(request: PageRequest) -> HttpResponse:
    """Where to send the file, from which byte on and how many at a time."""
    form = UploadForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "A file has a name, a size and a stamp."}, status=400)
    try:
        upload, offset = services.begin_upload(request.user, **form.cleaned_data)
    except BackendError as error:
        return JsonResponse({"error": error.message}, status=error.status)
    url = reverse("library:upload", args=[signing.dumps(asdict(upload), salt=SALT)])
    piece = min(PIECE, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return JsonResponse({"url": url, "offset": offset, "piece": piece})


@_for_administrators
@require_http_methods(["PUT", "DELETE"])
def upload(request: PageRequest, token: str) -> HttpResponse:
    """The next piece, from `?offset=` on; or an end to it."""
    try:
        begun = Upload(**signing.loads(token, salt=SALT))
    except signing.BadSignature:
        raise Http404 from None
    if request.method == "DELETE":
        services.abandon_upload(request.user, begun)
        return HttpResponse(status=204)
    if int(request.headers.get("Content-Length") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return JsonResponse({"error": "This piece is too large."}, status=413)
    return _continue_upload(request, begun)


def _continue_upload(request: PageRequest, begun: Upload) -> HttpResponse:
    offset = request.GET.get("offset", "")
    if not offset.isdecimal() or len(offset) > DIGITS:
        return JsonResponse({"error": "An offset is a number of bytes."}, status=400)
    pieces = iter(partial(request.read, READ), b"")
    try:
        result = services.continue_upload(request.user, begun, int(offset), pieces)
    except WrongOffsetError as wrong:
        return JsonResponse({"offset": wrong.expected}, status=409)
    except NotPermitted:
        raise
    except BackendError as error:
        return JsonResponse({"error": error.message}, status=error.status)
    if isinstance(result, int):
        return JsonResponse({"offset": result})
    words = f"is here. {result.error}" if result.error else "is here and can be picked."
    done = {"done": f"{result.id} {words}", "problem": bool(result.error)}
    return JsonResponse({"offset": begun.size, **done})


# --- models


@_for_administrators
@require_POST
def remove(request: PageRequest, model_id: str) -> HttpResponse:
    try:
        services.remove_model(request.user, model_id)
    except ModelNotFound as error:
        raise Http404 from error
    except BackendError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{model_id} is removed.")
    return redirect("library:models")


@_for_administrators
@require_POST
def unload(request: PageRequest, model_id: str) -> HttpResponse:
    try:
        unloaded = services.unload_model(request.user, model_id)
    except BackendError as error:
        messages.error(request, error.message)
    else:
        words = "is unloaded" if unloaded else "was not loaded"
        messages.success(request, f"{model_id} {words}.")
    return redirect("library:models")


# --- what an alias stands for


@_for_administrators
@require_POST
def promote(request: PageRequest, alias: str) -> HttpResponse:
    try:
        made = promotion.promote(request.user, alias, request.POST.get("model", ""))
    except BackendError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{alias} stands for {made.to_model} now.")
    return redirect("library:models")


@_for_administrators
@require_POST
def roll_back(request: PageRequest, alias: str) -> HttpResponse:
    try:
        made = promotion.roll_back(request.user, alias)
    except BackendError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{alias} stands for {made.to_model} again.")
    return redirect("library:models")


@_for_administrators
@require_POST
def end_trial(request: PageRequest, alias: str) -> HttpResponse:
    try:
        trial = promotion.end_trial(request.user, alias)
    except BackendError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The trial of {trial.candidate} is over.")
    return redirect("library:models")


@_for_administrators
@require_POST
def share(request: PageRequest, model_id: str) -> HttpResponse:
    """Let everybody use a model that was made here, or keep it for its owner again."""
    shared = request.POST.get("for") == "everybody"
    try:
        services.share_model(request.user, model_id, shared=shared)
    except ModelNotFound as error:
        raise Http404 from error
    words = "is there for everybody" if shared else "is its owner's and the administrators' alone"
    messages.success(request, f"{model_id} {words} within seconds.")
    return redirect("library:models")
