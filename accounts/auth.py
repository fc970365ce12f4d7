"""How a person or a program shows who it is: allauth's adapter and the API's bearer keys."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.utils import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db.models import CharField, DateTimeField
from django.forms import Form
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import keys, services
from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import InvalidRequest, NotPermitted
from chatsite.sql import Parameter, Prepared, threaded

INVITATION_PARAMETER = "invitation"
"""The query parameter, and then the session key, that holds an invitation's token."""


class AccountAdapter(DefaultAccountAdapter):
    """Puts the site's signup rules (settings.SIGNUP, the first administrator) into allauth."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # The form is posted without the link's query: the session remembers the invitation.
        token = request.GET.get(INVITATION_PARAMETER, "")
        if services.find_invitation(token):
            request.session[INVITATION_PARAMETER] = token
        return services.signup_open(session_token(request))

    def clean_email(self, email: str) -> str:
        me = self.request.user
        if me.is_authenticated:
            # To hide who has an account, allauth lets a person add anybody's address, and fails
            # later where no mail has to confirm it.
            if any(other != me for other in filter_users_by_email(email)):
                raise self.validation_error("email_taken")
            return email
        invitation = services.find_invitation(session_token(self.request))
        if invitation and invitation.email != email:
            raise ValidationError("Your invitation is for another email address.")
        return email

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # Mail names the site as its people know it, not by its address.
        site = {"name": settings.SITE_NAME, "domain": self.request.get_host()}
        super().send_mail(template_prefix, email, {"current_site": site, **context})

    def save_user(
        self,
        request: HttpRequest,
        user: User,  # noqa: ARG002  allauth's blank one; the service makes its own
        form: Form,
        commit: bool = True,  # noqa: ARG002  only the social signup, which the site lacks, clears it
    ) -> User:
        data: dict[str, Any] = form.cleaned_data
        try:
            saved = services.sign_up(
                data["email"], data.get("password1"), token=session_token(request)
            )
        except (InvalidRequest, NotPermitted) as error:
            # Somebody else took the address or the invitation since the form was checked.
            messages.error(request, error.message)
            raise ImmediateHttpResponse(redirect("account_signup")) from error
        request.session.pop(INVITATION_PARAMETER, None)
        return saved


def session_token(request: HttpRequest) -> str:
    """The invitation's token that this visitor came with, or nothing."""
    return str(request.session.get(INVITATION_PARAMETER, ""))


_PERSON = Prepared(
    User, lambda: User.objects.filter(pk=Parameter("pk", User._meta.pk), is_active=True)
)
_SESSION = Prepared(
    Session,
    lambda: Session.objects.filter(
        session_key=Parameter("key", CharField()), expire_date__gt=Parameter("now", DateTimeField())
    ),
)


def still_signed_in(user: User, session_key: str | None) -> User | None:
    """The person as the database knows them now; None once they or their session are locked out.

    Without a session (a test's socket has none) only the person is looked at.
    """
    person = _PERSON.first(pk=user.pk)
    if person is None or session_key is None:
        return person
    session = _SESSION.first(key=session_key, now=timezone.now())
    if session is None:
        return None
    # A new password signs every session out but the one that it was set in.
    stored = session.get_decoded().get(HASH_SESSION_KEY, "")
    return person if constant_time_compare(stored, person.get_session_auth_hash()) else None


_authenticate = threaded(keys.authenticate_key)


async def caller_for_bearer(request: HttpRequest, scope: str) -> Caller | None:
    """Whose API key the Authorization header carries; None without a valid one.

    `scope` is the group of endpoints that is asked for. Raises NotAuthenticated where the key has
    expired, NotPermitted where it is not for this scope, or not for the client's address.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    caller = await _authenticate(secret.strip())
    if caller is not None and caller.api_key is not None:
        keys.require_scope(caller.api_key, scope)
        if caller.api_key.allowed_addresses:
            keys.require_address(caller.api_key, _client_address(request))
    return caller


def _client_address(request: HttpRequest) -> str:
    """The client's IP address, which stands in a header where the site is behind a proxy."""
    try:
        return str(get_adapter().get_client_ip(request))
    except (PermissionDenied, ImproperlyConfigured) as error:
        raise NotPermitted(
            "Where this request came from cannot be told, and this API key is for some addresses "
            "only.",
            code="address_not_allowed",
        ) from error
