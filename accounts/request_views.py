"""The pages of the request log, on which a person sees and deletes their own."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import request_history, request_log
from accounts.models import ApiKey, RequestLog, User
from accounts.request_history import Chosen


class FilterForm(forms.Form):
    """What to show of the list."""

    status = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any"),
            ("ok", "Answered"),
            ("refused", "Refused (4xx)"),
            ("gone", "Client gone (499)"),
            ("failed", "Failed (5xx)"),
        ],
    )
    key = forms.ModelChoiceField(ApiKey.objects.none(), required=False, empty_label="Any")
    model = forms.CharField(required=False, max_length=200)

    def __init__(self, user: User, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        keys = cast("forms.ModelChoiceField[ApiKey]", self.fields["key"])
        keys.queryset = user.api_keys.order_by("name", "pk")

    def chosen(self) -> Chosen:
        """What is chosen; whatever makes no sense chooses nothing."""
        self.is_valid()
        given = self.cleaned_data
        key = given.get("key")
        return Chosen(given.get("status", ""), given.get("model", ""), key.pk if key else None)


@login_required
@never_cache
@require_safe
def request_list(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = FilterForm(user, request.GET)
    chosen = form.chosen()
    page = request_history.request_page(user, chosen, request.GET.get("before", ""))
    given = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    older = urlencode({**given, "before": page.before}) if page.before else ""
    context = {
        "form": form,
        "page": page,
        "older": older,
        "filtered": chosen != Chosen(),
        "kept": settings.REQUEST_LOG,
        "days": settings.REQUEST_LOG_DAYS,
    }
    return render(request, "accounts/requests.html", context)


@login_required
@never_cache
@require_safe
def request_detail(request: HttpRequest, log_id: int) -> HttpResponse:
    row = request_history.requests_for(_person(request)).filter(pk=log_id).first()
    if row is None:
        raise Http404
    return render(request, "accounts/request.html", {"row": row})


@login_required
@require_POST
def delete_request(request: HttpRequest, log_id: int) -> HttpResponse:
    try:
        request_log.delete_request(_person(request), log_id)
    except RequestLog.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, "The request is deleted from the log.")
    return redirect("accounts:requests")


@login_required
@require_POST
def delete_requests(request: HttpRequest) -> HttpResponse:
    request_log.delete_requests(_person(request))
    messages.success(request, "Your requests are deleted from the log.")
    return redirect("accounts:requests")


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # login_required let no one else in
