"""Which pages may open a websocket: the site's own, as for its forms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host


class SameOrigin:
    """Refuses a socket whose page is of another origin.

    Browsers send cookies along from any page. A page of another port of the same host counts as
    another origin, and a host that is not the site's (a name that an attacker points here) too.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin1")
        host = headers.get(b"host", b"").decode("latin1")
        welcome = self._is_ours(origin, host)
        application = self.application if welcome else WebsocketDenier()
        await application(scope, receive, send)

    def _is_ours(self, origin: str, host: str) -> bool:
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        allowed = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
        return allowed and urlsplit(origin).netloc == host
