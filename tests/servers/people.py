"""The cast: an administrator, alice and bob. Run as a program, it makes them in the real site.

`python -m tests.servers.people` prints, as JSON, what each needs to act: address, session, key.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

PASSWORD = "correct horse battery staple"
# The first account of a site becomes its administrator, so the order matters.
PEOPLE = {
    "administrator": "administrator@example.com",
    "alice": "alice@example.com",
    "bob": "bob@example.com",
}


def session_key(user: Any) -> str:
    """The cookie value of a new signed-in session, as the sign-in page would leave it."""
    from django.conf import settings
    from django.contrib import auth
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    import django

    django.setup()
    from accounts.keys import issue_key
    from accounts.services import create_user
    from library.models import LoopSettings

    # Chance must not give two answers where a test reads one.
    LoopSettings.objects.update_or_create(id=1, defaults={"comparison_share": 0})
    access = {}
    for name, email in PEOPLE.items():
        user = create_user(email, PASSWORD, display_name=name.title())
        key = issue_key(user, "tests").secret
        access[name] = {"email": email, "session": session_key(user), "api_key": key}
    json.dump(access, sys.stdout)


if __name__ == "__main__":
    main()
