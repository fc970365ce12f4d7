"""What every template may know of the site and the person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import services
from accounts.auth import session_token
from accounts.models import User


def site(request: HttpRequest) -> dict[str, Any]:
    """site_name, theme, signup_open, first_account, whether the visitor brought an invitation,
    whether invitations count, and whether mail is only printed where the site runs.

    Those that cost something are functions, which a template calls where it uses them: a page
    that does not ask costs no query.
    """

    def theme() -> str:
        user = getattr(request, "user", None)
        return user.theme if isinstance(user, User) else User.Theme.SYSTEM.value

    def signup_open() -> bool:
        return services.signup_open(session_token(request))

    def invitation() -> bool:
        return services.find_invitation(session_token(request)) is not None

    return {
        "site_name": settings.SITE_NAME,
        "theme": theme,
        "signup_open": signup_open,
        "invitation": invitation,
        "by_invitation": settings.SIGNUP == "invite",
        "first_account": services.first_account,
        "mail_is_printed": settings.EMAIL_BACKEND
        == "django.core.mail.backends.console.EmailBackend",
    }
