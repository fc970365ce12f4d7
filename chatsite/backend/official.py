"""The official client, for what is more than JSON one way and the other: pictures and training.

It takes 30 MB of memory when it is imported, so what needs it is imported when it is needed.
"""

from __future__ import annotations

import httpx2
import openai

from chatsite.backend import errors
from chatsite.backend.clients import CONNECT, Server, refused


def client_for(server: Server) -> openai.AsyncOpenAI:
    """A client to be closed by `async with`."""
    return openai.AsyncOpenAI(
        base_url=server.base_url,
        api_key=server.api_key,
        max_retries=0,
        default_headers=server.headers,
        timeout=httpx2.Timeout(server.timeout, connect=CONNECT),
        http_client=openai.DefaultAioHttpClient(),
    )


def translate(error: openai.OpenAIError, label: str) -> errors.BackendError:
    """The site's error for one of the client's, keeping the server's words and not its secrets."""
    # A refused connection comes out of the aiohttp transport as a timeout of its connecting.
    unreached = isinstance(error.__cause__, httpx2.ConnectTimeout)
    if isinstance(error, openai.APITimeoutError) and not unreached:
        return errors.UpstreamTimeout(f"{label} did not answer in time.")
    if isinstance(error, openai.APIConnectionError):
        return errors.Unavailable(f"{label} cannot be reached.")
    if not isinstance(error, openai.APIStatusError):
        return errors.UpstreamFailed(f"{label} failed: {error}")
    body = error.body if isinstance(error.body, dict) else {}
    return refused(error.status_code, body, error.response.headers.get("retry-after"), label)
