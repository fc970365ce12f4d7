"""The button that has the chat model write a prompt out, and the way back."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import BackendError
from images import expansion


@login_required
@require_http_methods(["GET", "POST"])
async def expand(request: HttpRequest) -> HttpResponse:
    """The button, where it can do something. A POST writes out `prompt`, or puts `restored` back;
    the composer then has the new words, and nothing is drawn until they are sent."""
    user = cast("User", await request.auser())
    context: dict[str, object] = {"possible": await expansion.writer_for(user) is not None}
    if request.method == "POST":
        said = request.POST.get("prompt", "")
        if "restored" in request.POST:
            context |= {"words": request.POST["restored"]}
        else:
            try:
                context |= {"words": await expansion.expand(Caller(user), said), "before": said}
            except BackendError as error:
                context |= {"problem": error.message}
    return render(request, "images/_expand.html", context)
