"""The ASGI application: Django for HTTP, Channels for websockets."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from django.core.asgi import get_asgi_application
from django.core.exceptions import RequestAborted
from django.http import HttpRequest, HttpResponse
from django.urls import set_script_prefix

_django = get_asgi_application()

# Django has to be set up before anything that imports models.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.handlers.asgi import ASGIHandler, get_script_prefix  # noqa: E402

from chatsite.api import is_endpoint  # noqa: E402
from chatsite.backend.registry import get_registry  # noqa: E402
from chatsite.local_time import LocalTime  # noqa: E402
from chatsite.origin import SameOrigin  # noqa: E402
from conversations import runner  # noqa: E402
from conversations.routing import websocket_urlpatterns  # noqa: E402


class APIHandler(ASGIHandler):
    """Django's handler without the threads that it takes for each request.

    Pages get a thread and a database connection of their own, and one more turn of it before and
    after the request, to look after that connection. The API's endpoints are asynchronous, and what
    they ask of the database is short: one thread that keeps its connection serves them all, and
    looks after it whenever it is asked something (`chatsite.sql.threaded`).
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            set_script_prefix(get_script_prefix(scope))
            request, refusal = self.create_request(scope, body)
            if request is None:
                await self.send_response(cast("HttpResponse", refusal), send)
                return
            answering = asyncio.create_task(self._answer(request, send))
            # Nothing can come any more but the news that the client has gone away.
            leaving = asyncio.create_task(receive())
            leaving.add_done_callback(lambda _: answering.cancel())
            try:
                await answering
            except asyncio.CancelledError:
                if not leaving.done():
                    raise
            finally:
                leaving.cancel()

    async def _answer(self, request: HttpRequest, send: Any) -> None:
        response = await self.run_get_response(request)
        try:
            await self.send_response(response, send)
        finally:
            response.close()


api = APIHandler()
pages = LocalTime(_django)
sockets = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))


async def http(scope: Any, receive: Any, send: Any) -> None:
    """The API's requests to the API's handler, all others to the pages'."""
    await (api if is_endpoint(scope["path"]) else pages)(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SameOrigin(LocalTime(sockets)),
    }
)


async def wind_down() -> None:
    """Save what is being written and give connections back, before the process ends."""
    await runner.interrupt_all()
    await get_registry().aclose()


def _wind_down_with_daphne() -> None:
    """Daphne has no lifespan events; its reactor waits for what is to come before its end."""
    if "daphne.server" in sys.modules:
        from twisted.internet import reactor
        from twisted.internet.defer import Deferred

        def trigger() -> Deferred[None]:
            return Deferred.fromFuture(asyncio.ensure_future(wind_down()))

        # Twisted declares it without `self`.
        reactor.addSystemEventTrigger("before", "shutdown", trigger)  # type: ignore[arg-type]


_wind_down_with_daphne()
