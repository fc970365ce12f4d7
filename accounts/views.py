"""The settings pages: profile and API keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import keys as key_services
from accounts import selectors, services
from accounts.budgets import amount
from accounts.forms import KeyForm, ProfileForm, TermsForm
from accounts.models import NANOS, ApiKey, User
from chatsite.backend.registry import get_registry


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as the page lists it; `bounds` says in words what it may not do."""

    key: ApiKey
    spent: str
    bounds: tuple[str, ...]


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    models = async_to_sync(get_registry().models)(can="chat", asker=user.asker)
    form = ProfileForm(user, request.POST or None, models=[model.id for model in models])
    if form.is_valid():
        services.update_profile(user, **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The list, and after a POST also the new key: its secret is in this one answer only."""
    user = _person(request)
    form = KeyForm(request.POST or None)
    secret = ""
    if form.is_valid():
        secret = key_services.issue_key(user, form.cleaned_data["name"], form.terms()).secret
        form = KeyForm()
    spent = selectors.spent_by_key(user)
    context = {
        "form": form,
        "keys": [_key_row(key, spent) for key in selectors.keys_for(user)],
        "secret": secret,
        "base_url": request.build_absolute_uri("/v1"),
        "example_model": async_to_sync(get_registry().default_model)(
            user.default_model, asker=user.asker
        ),
    }
    return render(request, "accounts/keys.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def key(request: HttpRequest, key_id: int) -> HttpResponse:
    """What one key may do, to be read and changed."""
    user = _person(request)
    try:
        mine = selectors.keys_for(user).get(pk=key_id)
        form = TermsForm(request.POST or None, key=mine)
        if form.is_valid():
            key_services.change_key(user, key_id, form.terms())
            messages.success(request, "The key is changed.")
            return redirect("accounts:keys")
    except ApiKey.DoesNotExist as error:
        raise Http404 from error
    return render(request, "accounts/key.html", {"form": form, "key": mine})


@login_required
@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    try:
        key_services.revoke_key(_person(request), key_id)
    except ApiKey.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, "The key is revoked.")
    return redirect("accounts:keys")


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # login_required let no one else in


def _key_row(key: ApiKey, spent: Mapping[int, tuple[int, int]]) -> KeyRow:
    tokens, nanos = spent.get(key.pk, (0, 0))
    in_tokens = key.budget_unit == ApiKey.Unit.TOKENS
    used = amount(tokens if in_tokens else nanos, in_tokens=in_tokens)
    said = f"{used} spent this {key.get_budget_period_display()}"
    if key.budget_limit is not None:
        most = key.budget_limit if in_tokens else key.budget_limit * NANOS
        said = f"{said}, of {amount(most, in_tokens=in_tokens)}"
    bounds = (
        ", ".join(key.scopes),
        ", ".join(key.allowed_models),
        ", ".join(key.allowed_addresses),
        f"{key.requests_per_minute:,} requests a minute" if key.requests_per_minute else "",
        f"{key.tokens_per_minute:,} tokens a minute" if key.tokens_per_minute else "",
    )
    return KeyRow(key, said, tuple(filter(None, bounds)))
