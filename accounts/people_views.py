"""The page of people: who has an account, and whom an administrator has invited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import people as people_services
from accounts import selectors, services
from accounts.auth import INVITATION_PARAMETER
from accounts.forms import InvitationForm
from accounts.models import Invitation, User
from chatsite.backend.errors import InvalidRequest, NotPermitted


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as the page lists it; `url` is the link to hand on."""

    id: int
    email: str
    url: str
    created_at: datetime
    accepted_at: datetime | None


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    words, after = request.GET.get("q", ""), request.GET.get("after", "")
    try:
        found = people_services.people_for(user, words=words, after=after)
    except NotPermitted as error:
        raise Http404 from error
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
    context = {
        "people": found,
        "words": words,
        "after": after,
        "form": form,
        "invitations": rows,
        "signup": settings.SIGNUP,
    }
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


@login_required
@require_POST
def appoint(request: HttpRequest, person_id: int) -> HttpResponse:
    """Make somebody an administrator, or one no more."""
    appointed = request.POST.get("administrator") == "yes"
    change = partial(people_services.appoint, administrator=appointed)
    now = "is an administrator now" if appointed else "is no administrator any more"
    return _changed(request, person_id, change, now)


@login_required
@require_POST
def admit(request: HttpRequest, person_id: int) -> HttpResponse:
    """Deactivate an account, or activate it again."""
    active = request.POST.get("active") == "yes"
    now = "can sign in again" if active else "is deactivated: signed out, with no way to sign in"
    return _changed(request, person_id, partial(people_services.admit, active=active), now)


def _changed(
    request: HttpRequest, person_id: int, change: Callable[[User, int], User], now: str
) -> HttpResponse:
    try:
        person = change(_person(request), person_id)
    except (NotPermitted, User.DoesNotExist) as error:
        raise Http404 from error
    except InvalidRequest as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{person.email} {now}.")
    return redirect("accounts:people")


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # login_required let no one else in


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
