"""The pages of files: all of them, one of them with its examples, and examples to be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest, NotPermitted
from chatsite.backend.library.shelf import readable_size
from chatsite.backend.pieces import Upload, WrongOffsetError
from chatsite.jobs import State
from finetuning import selectors, services
from finetuning.browsing import Cursor, ExamplesPage, examples_page, shared_examples
from finetuning.forms import UploadForm, WriteForm
from finetuning.models import UploadedFile
from finetuning.selectors import NoSuchFile
from finetuning.services import UnusableExamples
from finetuning.serving import download
from finetuning.tasks import send_for_check

SHOWN = 30
"""Files on a page of the list."""
PIECE = 4 * 1024**2
"""Bytes of an upload that a browser sends at a time, where the site takes so large a body."""
READ = 256 * 1024
DIGITS = 18
"""Of the greatest offset: an exabyte."""
SALT = "finetuning.upload"

Purpose = UploadedFile.Purpose
P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User


View = Callable[Concatenate[PageRequest, P], HttpResponseBase]


def _for_owners(view: View[P]) -> View[P]:
    """What is not there, or somebody else's, is not found."""

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NoSuchFile as error:
            raise Http404 from error

    return login_required(guarded)


# --- the list


@_for_owners
@never_cache
@require_safe
def file_list(request: PageRequest) -> HttpResponse:
    """The person's files, the newest first, all or those of one purpose."""
    purpose = request.GET.get("purpose", "")
    purpose = purpose if purpose in Purpose else ""
    after = request.GET.get("after")
    found = selectors.page_of_files(request.user, limit=SHOWN, after=after, purpose=purpose)
    asked = {"purpose": purpose} if purpose else {}
    older = {**asked, "after": found.rows[-1].public_id} if found.has_more else None
    context = {
        "files": found.rows,
        "purposes": Purpose.choices,
        "purpose": purpose,
        "later": after is not None,
        "newest": f"?{urlencode(asked)}",
        "older": older and urlencode(older),
        "stored": selectors.stored_bytes(request.user),
        "quota": settings.FILES_QUOTA_BYTES,
        "largest": settings.MAX_FILE_BYTES,
    }
    return render(request, "finetuning/files.html", context)


# --- one of them


@_for_owners
@never_cache
@require_safe
def file_page(request: PageRequest, public_id: str) -> HttpResponse:
    """What was found in a file and, of a training file, what is in it."""
    file = selectors.file_for(request.user, public_id)
    start = Cursor.parse(request.GET.get("at", ""))
    context = {
        "file": file,
        "report": file.findings,
        "examples": _examples(file, start),
        "start": start,
        "others": _others(request.user, file),
        **_overlap(request, file),
    }
    return render(request, "finetuning/file.html", context)


def _others(user: User, file: UploadedFile) -> list[UploadedFile]:
    if file.purpose != Purpose.FINE_TUNE or file.state != State.DONE:
        return []
    return list(selectors.files_to_compare(user, file))


def _overlap(request: PageRequest, file: UploadedFile) -> dict[str, Any]:
    """The file that is asked to be compared with this one, and what they share or why not."""
    if not (asked := request.GET.get("with")):
        return {}
    other = selectors.file_for(request.user, asked)
    try:
        return {"other": other, "shared": shared_examples(file, other)}
    except InvalidRequest as error:
        return {"other": other, "refused": error.message}
    except FileNotFoundError as error:
        raise Http404 from error


def _examples(file: UploadedFile, start: Cursor) -> ExamplesPage | None:
    if file.purpose != Purpose.FINE_TUNE:
        return None
    try:
        return examples_page(file, start)
    except FileNotFoundError:
        return None


@_for_owners
@require_safe
def check_state(request: PageRequest, public_id: str) -> HttpResponse:
    """How far the check of a file is; the page is loaded anew when it has ended."""
    file = selectors.file_for(request.user, public_id)
    response = render(request, "finetuning/_check.html", {"file": file})
    if not file.active:
        response["HX-Refresh"] = "true"
    return response


@_for_owners
@require_safe
def file_content(request: PageRequest, public_id: str) -> HttpResponseBase:
    return download(selectors.file_for(request.user, public_id))


@_for_owners
@require_POST
def delete_file(request: PageRequest, public_id: str) -> HttpResponse:
    file = selectors.file_for(request.user, public_id)
    try:
        services.delete_file(request.user, public_id)
    except services.FileInUse as error:
        messages.error(request, error.message)
        return redirect("finetuning:file", public_id)
    messages.success(request, f"{file.filename} is deleted.")
    return redirect("finetuning:files")


# --- examples written in the page


@_for_owners
@require_http_methods(["GET", "HEAD", "POST"])
def write_examples(request: PageRequest) -> HttpResponse:
    form = WriteForm(request.POST if request.method == "POST" else None)
    if "more" in request.POST:
        form.is_valid()
        form.errors.clear()
        form.add_rows()
        return render(request, "finetuning/write.html", {"form": form})
    faults: tuple[str, ...] = ()
    if form.is_valid():
        name, content = form.cleaned_data["filename"], form.cleaned_data["content"]
        try:
            file = services.write_examples(request.user, name, content)
        except UnusableExamples as error:
            faults = tuple(map(str, error.report.faults))
            form.add_error(None, error.message)
        except BackendError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{file.filename} is saved.")
            send_for_check(file)
            return redirect("finetuning:file", file.public_id)
    context = {"form": form, "faults": faults}
    return render(request, "finetuning/write.html", context, status=422 if form.errors else 200)


# --- uploads: JSON, for static/js/upload.js


@_for_owners
@require_POST
def begin_upload(request: PageRequest) -> HttpResponse:
    """Where to send the file, from which byte on and how many at a time."""
    form = UploadForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "A file has a name, a size and a purpose."}, status=400)
    given = {**form.cleaned_data}
    purpose = given.pop("purpose")
    try:
        upload, offset = services.begin_upload(request.user, **given)
    except BackendError as error:
        return JsonResponse({"error": error.message}, status=error.status)
    token = signing.dumps({"purpose": purpose, **asdict(upload)}, salt=SALT)
    piece = min(PIECE, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    url = reverse("finetuning:upload", args=[token])
    return JsonResponse({"url": url, "offset": offset, "piece": piece})


@_for_owners
@require_http_methods(["PUT", "DELETE"])
def upload(request: PageRequest, token: str) -> HttpResponse:
    """The next piece, from `?offset=` on; or an end to it."""
    try:
        told: dict[str, Any] = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    purpose = told.pop("purpose")
    begun = Upload(**told)
    try:
        if request.method == "DELETE":
            services.abandon_upload(request.user, begun)
            return HttpResponse(status=204)
        return _continue_upload(request, begun, purpose)
    except NotPermitted as error:
        if error.code is None:  # somebody else's
            raise PermissionDenied from error
        return JsonResponse({"error": error.message}, status=error.status)
    except WrongOffsetError as wrong:
        return JsonResponse({"offset": wrong.expected}, status=409)
    except BackendError as error:
        return JsonResponse({"error": error.message}, status=error.status)


def _continue_upload(request: PageRequest, begun: Upload, purpose: str) -> HttpResponse:
    if int(request.headers.get("Content-Length") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return JsonResponse({"error": "This piece is too large."}, status=413)
    offset = request.GET.get("offset", "")
    if not offset.isdecimal() or len(offset) > DIGITS:
        return JsonResponse({"error": "An offset is a number of bytes."}, status=400)
    content = iter(partial(request.read, READ), b"")
    result = services.continue_upload(request.user, begun, purpose, int(offset), content)
    if isinstance(result, int):
        return JsonResponse({"offset": result})
    send_for_check(result)
    words = f"{result.filename} is here: {readable_size(result.size)}."
    location = reverse("finetuning:file", args=[result.public_id])
    return JsonResponse({"offset": result.size, "done": words, "location": location})
