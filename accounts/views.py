"""The settings pages: profile, API keys, and the people an administrator invites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import keys as key_services
from accounts import selectors, services
from accounts.auth import INVITATION_PARAMETER
from accounts.budgets import amount
from accounts.forms import InvitationForm, KeyForm, ProfileForm, TermsForm
from accounts.models import NANOS, ApiKey, Invitation, User
from chatsite.backend.errors import InvalidRequest, NotPermitted
from chatsite.backend.registry import get_registry


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as the page lists it; `url` is the link to hand on."""

    id: int
    email: str
    url: str
    created_at: datetime
    accepted_at: datetime | None


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


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    if not user.is_staff:
        raise Http404
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        try:
            invitation = services.invite(user, form.cleaned_data["email"])
        except InvalidRequest as error:
            form.add_error("email", error.message)
        else:
            messages.success(request, f"{invitation.email} is invited: hand on the link below.")
            return redirect("accounts:people")
    rows = [_row(request, invitation) for invitation in selectors.invitations_for(user)]
    context = {"form": form, "invitations": rows, "signup": settings.SIGNUP}
    return render(request, "accounts/people.html", context)


@login_required
@require_POST
def revoke_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    try:
        services.revoke_invitation(_person(request), invitation_id)
    except (NotPermitted, Invitation.DoesNotExist) as error:
        raise Http404 from error
    messages.success(request, "The invitation is revoked.")
    return redirect("accounts:people")


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


def _row(request: HttpRequest, invitation: Invitation) -> InvitationRow:
    token = services.invitation_token(invitation)
    query = urlencode({INVITATION_PARAMETER: token, "email": invitation.email})
    return InvitationRow(
        id=invitation.pk,
        email=invitation.email,
        url=request.build_absolute_uri(f"{reverse('account_signup')}?{query}"),
        created_at=invitation.created_at,
        accepted_at=invitation.accepted_at,
    )
