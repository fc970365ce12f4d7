"""Errors fit to show a user. Everything else is a bug and is answered as an internal error.

Each carries OpenAI's error fields (message, type, param, code) and the HTTP status it maps to.
"""

from __future__ import annotations


class BackendError(Exception):
    """The base of every error that a person or a client may read."""

    status = 500
    type = "server_error"
    code: str | None = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code if code is not None else type(self).code
        self.retry_after = retry_after


class InvalidRequest(BackendError):
    status = 400
    type = "invalid_request_error"


class ContextLengthExceeded(InvalidRequest):
    code = "context_length_exceeded"


class ContentBlocked(InvalidRequest):
    code = "content_policy_violation"


class TooLarge(InvalidRequest):
    status = 413
    code = "request_too_large"


class UnsupportedMedia(InvalidRequest):
    """The body is of a type, or packed in a way, that is not read here."""

    status = 415
    code = "unsupported_media_type"


class NotAuthenticated(BackendError):
    status = 401
    type = "authentication_error"
    code = "invalid_api_key"


class NotPermitted(BackendError):
    status = 403
    type = "permission_error"


class ModelNotFound(BackendError):
    status = 404
    type = "invalid_request_error"
    code = "model_not_found"


class RateLimited(BackendError):
    status = 429
    type = "requests"
    code = "rate_limit_exceeded"


class QuotaExceeded(BackendError):
    status = 429
    type = "insufficient_quota"
    code = "insufficient_quota"


class UpstreamFailed(BackendError):
    """The model's server answered with an error, or broke off in the middle of an answer."""

    status = 502
    code = "upstream_error"


class KeyRefused(BackendError):
    """The model's server does not accept the site's own key."""

    status = 502
    code = "upstream_key_refused"


class Unavailable(BackendError):
    """The model's server cannot be reached, or is still starting."""

    status = 503
    code = "backend_unavailable"


class UpstreamTimeout(BackendError):
    status = 504
    code = "upstream_timeout"
