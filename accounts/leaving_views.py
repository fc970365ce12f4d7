"""One's own data: taken out as a file, and deleted with the account."""

from __future__ import annotations

from functools import partial
from typing import cast

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import leaving
from accounts.forms import LeavingForm
from accounts.models import User
from accounts.tasks import finish_leaving
from chatsite.archives import download_of
from chatsite.backend.errors import NotPermitted


@login_required
@require_GET
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Everything that is the person's, as one ZIP file that is sent while it is made."""
    name = f"{slugify(settings.SITE_NAME) or 'site'}-{timezone.localdate()}.zip"
    return download_of(leaving.members(_person(request)), name)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """What goes and what stays, and after the password the end of the account."""
    user = _person(request)
    form = LeavingForm(user, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if not ratelimit.consume(request, action="reauthenticate", user=user):
            form.add_error(form.proof, "These were too many attempts. Wait a minute.")
            status = 429
        elif form.is_valid():
            try:
                leaving.leave(user)
            except NotPermitted as error:
                form.add_error(None, error.message)
            else:
                return _left(request, user)
    context = {
        "form": form,
        "proof": form[form.proof],
        "counts": leaving.counts(user),
        "needed": leaving.needed(user),
    }
    return render(request, "accounts/delete.html", context, status=status)


def _left(request: HttpRequest, user: User) -> HttpResponse:
    # Where the queue cannot be reached now, the sweep does it later.
    transaction.on_commit(partial(finish_leaving.delay, user.pk), robust=True)
    logout(request)
    messages.success(
        request, "Your account is deleted, and everything that was in it is being removed."
    )
    return redirect("account_login")


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # login_required let no one else in
