"""Every setting of the site, from the environment. docs/operations.md lists them for people.

Nothing has to be set: without any variable the site keeps all it needs under one data folder.
"""

from __future__ import annotations

import os
import secrets
from email.utils import formataddr
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from chatsite.environment import (
    database,
    env,
    listed,
    log_level,
    model_limits,
    number,
    one_of,
    origins,
    own_origins,
    seconds,
    switch,
    time_zone,
)

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_DIR = Path(env.str("CHATSITE_DATA_DIR", default=str(BASE_DIR / "var"))).expanduser().resolve()


def _private_folder(*parts: str) -> Path:
    folder = DATA_DIR.joinpath(*parts)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {DATA_DIR} cannot be written ({error.strerror}). "
            "Set CHATSITE_DATA_DIR to a folder that you may write to."
        ) from error
    return folder


def _secret_key() -> str:
    """The key from the environment, else one made once and kept in the data folder."""
    if key := env.str("CHATSITE_SECRET_KEY", default=""):
        return str(key)
    path = _private_folder() / "secret_key"
    draft = path.with_name(f"secret_key.{os.getpid()}")
    try:
        draft.write_text(secrets.token_urlsafe(50), encoding="ascii")
        draft.chmod(0o600)
        # A link fails where the file exists: of several processes starting at once one wins,
        # and nobody ever reads a half-written key.
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {DATA_DIR} cannot be written ({error.strerror}). "
            "Set CHATSITE_DATA_DIR to a folder that you may write to."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii")


# --- the site

SITE_NAME = env.str("CHATSITE_NAME", default="Chatsite")
DEBUG = switch("CHATSITE_DEBUG", default=False)
SECRET_KEY = _secret_key()
ALLOWED_HOSTS = listed("CHATSITE_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = own_origins("CHATSITE_ORIGINS")
HTTPS = switch("CHATSITE_HTTPS", default=False)

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
INSTALLED_APPS = [
    "accounts",
    "fulltext",
    "conversations",
    "library",
    "finetuning",
    "improvement",
    "images",
    "search",
    "chatsite",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "channels",
    "csp",
]
MIDDLEWARE = [
    # Answers everything under /v1 itself, so that an API call never pays for the page's layers.
    "chatsite.api.GatewayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "chatsite.packing.PackedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.returning.sign_in_again",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.site",
            ]
        },
    }
]

UNFOLD = {"SITE_TITLE": SITE_NAME, "SITE_HEADER": SITE_NAME}

# --- storage

DATABASES = {"default": database("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    _private_folder()
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE takes the write lock at the start: a transaction that reads first and writes
        # later would otherwise fail at once, whatever the timeout.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # Closing SQLite's last connection writes its whole log back, opening it reads the schema:
    # 2 ms together, for every request of the API and every message of a socket.
    DATABASES["default"]["CONN_MAX_AGE"] = None
else:
    try:
        from chatsite.postgresql import Connection
    except ImportError as error:
        raise ImproperlyConfigured(
            "PostgreSQL needs further packages: start the site by `make run EXTRAS=training,team`."
        ) from error

    # A connection that broke while nobody used it is found out before it is used.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": number("CHATSITE_DATABASE_CONNECTIONS", least=1, default=16),
        "connection_class": Connection,
        # Requests wait one after the other while the database is away. The pool asks for it anew
        # after 1, 2 and 4 seconds and so on: given long, it would not see that it is back.
        "timeout": 10.0,
        "reconnect_timeout": 5.0,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
}
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- background work

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL or "filesystem://")
if CELERY_BROKER_URL == "filesystem://":
    _queue = _private_folder("queue", "messages")
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(_private_folder("queue", "control")),
        "processed_folder": str(_private_folder("queue", "processed")),
        "polling_interval": 0.05,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "settle-runs": {"task": "conversations.tasks.settle_runs", "schedule": 30.0},
    "tidy-responses": {"task": "conversations.tasks.tidy_responses", "schedule": 3600.0},
    "forget-completions": {
        "task": "conversations.tasks.forget_completions",
        "schedule": 3600.0,
    },
    "sweep-attachments": {
        "task": "conversations.tasks.sweep_attachments",
        "schedule": 3600.0,
    },
    "settle-downloads": {"task": "library.tasks.settle_downloads", "schedule": 10.0},
    "tidy-library": {"task": "library.tasks.tidy", "schedule": 24 * 3600.0},
    "settle-checks": {"task": "finetuning.tasks.settle_checks", "schedule": 30.0},
    "tidy-files": {"task": "finetuning.tasks.tidy_files", "schedule": 600.0},
    "settle-jobs": {"task": "finetuning.tasks.settle_jobs", "schedule": 10.0},
    "tidy-jobs": {"task": "finetuning.tasks.tidy_jobs", "schedule": 3600.0},
    "settle-improvements": {
        "task": "improvement.tasks.settle_improvements",
        "schedule": 5.0,
    },
    "begin-improvements": {"task": "improvement.tasks.begin_due", "schedule": 60.0},
    "erase-withdrawn": {"task": "improvement.tasks.erase_withdrawn", "schedule": 3600.0},
    "settle-drawings": {"task": "images.tasks.settle_drawings", "schedule": 10.0},
    "tidy-pictures": {"task": "images.tasks.tidy", "schedule": 24 * 3600.0},
    "sweep-strays": {"task": "images.tasks.sweep_strays", "schedule": 24 * 3600.0},
    "index-changes": {"task": "search.tasks.index_changes", "schedule": 15.0},
    "forget-gone": {"task": "search.tasks.forget_gone", "schedule": 600.0},
    "settle-ledger": {"task": "accounts.tasks.settle_ledger", "schedule": 30.0},
    "forget-replies": {"task": "accounts.tasks.forget_replies", "schedule": 3600.0},
    "sweep-requests": {"task": "accounts.tasks.sweep_requests", "schedule": 3600.0},
    "settle-leaving": {"task": "accounts.tasks.settle_leaving", "schedule": 600.0},
    "clear-sessions": {"task": "accounts.tasks.clear_sessions", "schedule": 24 * 3600.0},
}

# --- people

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SIGNUP = one_of("CHATSITE_SIGNUP", "open", "invite", "closed")
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.auth.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Signing up with an address that has an account says so, unless addresses have to be confirmed:
# then allauth hides it and writes to the address instead. Without that mail, which by default only
# goes to the terminal, whoever forgot their account would wait for an answer that never comes.
ACCOUNT_EMAIL_VERIFICATION = one_of("CHATSITE_EMAIL_VERIFICATION", "none", "optional", "mandatory")
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
# Behind a proxy everybody would otherwise share one address, and its limit on sign-ins.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
# By default no address is verified, and a second factor must not wait for that.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str(
    "CHATSITE_FROM_EMAIL", default=formataddr((SITE_NAME, "noreply@localhost"))
)

# --- models and limits

ENGINE_ENABLED = switch("CHATSITE_ENGINE", default=True)
ENGINE_MEMORY_BYTES = (number("CHATSITE_ENGINE_MEMORY_MB", least=0) or 0) * 1024**2 or None
ENGINE_SLOTS = number("CHATSITE_ENGINE_SLOTS", least=1, most=256)
ENGINE_QUEUE = number("CHATSITE_ENGINE_QUEUE", least=0, default=64) or 0
ENGINE_THREADS = number("CHATSITE_ENGINE_THREADS", least=0, most=512) or None
ENGINE_BATCH_THREADS = number("CHATSITE_ENGINE_BATCH_THREADS", least=0, most=512) or None
# A cache for the whole window of a 128k model would take gigabytes.
ENGINE_CONTEXT = number("CHATSITE_ENGINE_CONTEXT", least=0, default=16384) or None
if ENGINE_CONTEXT is not None and ENGINE_CONTEXT < 512:
    raise ImproperlyConfigured(
        "CHATSITE_ENGINE_CONTEXT must be 512 or more, or 0 for as much as each model can."
    )
ENGINE_GPU_LAYERS = number("CHATSITE_ENGINE_GPU_LAYERS", least=0, most=9999)
ENGINE_FLASH_ATTENTION = one_of("CHATSITE_ENGINE_FLASH_ATTENTION", "auto", "on", "off")
ENGINE_CACHE_TYPE = one_of("CHATSITE_ENGINE_CACHE_TYPE", "f16", "q8_0", "q4_0")
if ENGINE_CACHE_TYPE != "f16" and ENGINE_FLASH_ATTENTION == "off":
    raise ImproperlyConfigured(
        f"CHATSITE_ENGINE_CACHE_TYPE={ENGINE_CACHE_TYPE} needs flash attention: "
        "leave CHATSITE_ENGINE_FLASH_ATTENTION at auto or on."
    )
ENGINE_LOAD = one_of("CHATSITE_ENGINE_LOAD", "auto", "map", "lock", "read")
_prompt_cache_mb = number("CHATSITE_ENGINE_PROMPT_CACHE_MB", least=0)
ENGINE_PROMPT_CACHE_BYTES = None if _prompt_cache_mb is None else _prompt_cache_mb * 1024**2

ILLUSTRATOR_ENABLED = switch("CHATSITE_ILLUSTRATOR", default=True)
PICTURE_TOOL = switch("CHATSITE_PICTURE_TOOL", default=True)

BACKENDS: list[dict[str, Any]] = []
if _openai_key := env.str("OPENAI_API_KEY", default=""):
    BACKENDS.append(
        {
            "name": "openai",
            "label": "OpenAI",
            "base_url": env.str("OPENAI_BASE_URL", default="https://api.openai.com/v1"),
            "api_key": _openai_key,
            "prefix": "",
            "timeout": seconds("OPENAI_TIMEOUT", default=120.0),
            "models": listed("OPENAI_MODELS"),
            "context_window": None,
        }
    )
for _name in listed("CHATSITE_BACKENDS"):
    _var = f"CHATSITE_BACKEND_{_name.upper().replace('-', '_')}"
    BACKENDS.append(
        {
            "name": _name,
            "label": env.str(f"{_var}_LABEL", default=_name),
            "base_url": env.str(f"{_var}_URL"),
            "api_key": env.str(f"{_var}_KEY", default="none"),
            "prefix": env.str(f"{_var}_PREFIX", default=f"{_name}/"),
            "timeout": seconds(f"{_var}_TIMEOUT", default=120.0),
            "models": listed(f"{_var}_MODELS"),
            "context_window": number(f"{_var}_CONTEXT", least=0) or None,
        }
    )
# Named as the hub's own tools name them, whose users have them set already.
HUB_ENDPOINT = env.str("HF_ENDPOINT", default="https://huggingface.co")
HUB_TOKEN = env.str("HF_TOKEN", default="")
DEFAULT_MODEL = env.str("CHATSITE_DEFAULT_MODEL", default="")
JUDGE_MODEL = env.str("CHATSITE_JUDGE_MODEL", default="")
REWARD_MODEL = env.str("CHATSITE_REWARD_MODEL", default="")
# The backend knows no database: it is told here who knows what an alias stands for.
ALIAS_SOURCE = "library.aliases.AliasRows"
MODERATION = env.str("CHATSITE_MODERATION", default="rules")
if MODERATION not in {"rules", "off", *(b["name"] for b in BACKENDS)}:
    raise ImproperlyConfigured(
        "CHATSITE_MODERATION must be rules, off, or the name of a configured backend."
    )
REQUESTS_PER_MINUTE = number("CHATSITE_REQUESTS_PER_MINUTE", least=0, default=120) or 0
TOKENS_PER_MINUTE = number("CHATSITE_TOKENS_PER_MINUTE", least=0) or 0
SITE_REQUESTS_PER_MINUTE = number("CHATSITE_SITE_REQUESTS_PER_MINUTE", least=0) or 0
SITE_TOKENS_PER_MINUTE = number("CHATSITE_SITE_TOKENS_PER_MINUTE", least=0) or 0
MODEL_LIMITS = model_limits("CHATSITE_MODEL_LIMITS")
PICTURES_PER_MINUTE = number("CHATSITE_PICTURES_PER_MINUTE", least=0, default=30) or 0
PICTURE_LINK_MINUTES = number("CHATSITE_PICTURE_LINK_MINUTES", least=1, default=60) or 60
PICTURE_WAIT = number("CHATSITE_PICTURE_WAIT_SECONDS", least=1, default=120) or 120
DEFAULT_IMAGE_MODEL = env.str("CHATSITE_DEFAULT_IMAGE_MODEL", default="")
FEEDBACK_HOURS = number("CHATSITE_FEEDBACK_HOURS", least=0, default=24) or 0
REQUEST_LOG = one_of("CHATSITE_REQUEST_LOG", "metadata", "off", "full")
REQUEST_LOG_DAYS = number("CHATSITE_REQUEST_LOG_DAYS", least=1, default=30) or 30
MAX_ANSWER_TOKENS = number("CHATSITE_MAX_ANSWER_TOKENS", least=1, default=4096) or 4096

# --- the page

LANGUAGE_CODE = "en"
TIME_ZONE = time_zone("TZ", default="UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "chatsite.staticfiles.HashedStaticFilesStorage"},
}
if _bucket := env.str("CHATSITE_S3_BUCKET", default=""):
    # Keys, region and endpoint are the AWS_... variables that all of Amazon's tools read.
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": _bucket,
            "location": env.str("CHATSITE_S3_PREFIX", default=""),
            "default_acl": None,
            "max_memory_size": 4 * 1024**2,  # of a file that is read; by default all of it
        },
    }
# On the disk of the files: what has arrived is then renamed, not copied.
FILE_UPLOAD_TEMP_DIR = str(_private_folder("incoming"))
FILES_QUOTA_BYTES = (number("CHATSITE_FILES_QUOTA_MB", least=0, default=10240) or 0) * 1024**2

# API bodies carry base64 pictures: the framework's 2.5 MB would answer them with an HTML page.
DATA_UPLOAD_MAX_MEMORY_SIZE = (number("CHATSITE_MAX_BODY_MB", least=1) or 32) * 1024**2
# Uploads are not read into memory; a little more than the largest file is for the form around it.
MAX_UPLOAD_BYTES = (number("CHATSITE_MAX_UPLOAD_MB", least=1) or 513) * 1024**2
MAX_FILE_BYTES = MAX_UPLOAD_BYTES // 513 * 512  # the rest is for the form around it
REQUEST_SECONDS = number("CHATSITE_REQUEST_SECONDS", least=1) or 30
REQUEST_PACE = number("CHATSITE_REQUEST_PACE", least=0, default=1024) or 0
IDLE_SECONDS = number("CHATSITE_IDLE_SECONDS", least=1) or 75
REPLY_SECONDS = number("CHATSITE_REPLY_SECONDS", least=1) or 60

# Pages of other sites that may call the API, with a key of their own and never with cookies.
if _cors_origins := origins("CHATSITE_CORS_ORIGINS"):
    INSTALLED_APPS.append("corsheaders")
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
    CORS_ALLOW_ALL_ORIGINS = "*" in _cors_origins
    CORS_ALLOWED_ORIGINS = [origin for origin in _cors_origins if origin != "*"]
    CORS_URLS_REGEX = r"^/v1/(?!docs$)"
    CORS_ALLOW_HEADERS = (
        "accept", "authorization", "content-encoding", "content-type", "idempotency-key",
        "openai-beta", "openai-organization", "openai-project", "x-request-id", "x-requested-with",
        # What the official client for browsers tells of itself.
        *(f"x-stainless-{name}" for name in (
            "arch", "helper-method", "lang", "os", "package-version", "poll-helper",
            "custom-poll-interval", "retry-count", "runtime", "runtime-version", "timeout",
        )),
    )  # fmt: skip
    CORS_EXPOSE_HEADERS = (
        "x-request-id", "x-chatsite-overhead-ms", "openai-processing-ms", "openai-version",
        "retry-after", "retry-after-ms", "x-should-retry", "idempotent-replayed",
        *(f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset")
          for of in ("requests", "tokens")),
    )  # fmt: skip

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": log_level("CHATSITE_LOG_LEVEL", default="WARNING")},
    "loggers": {
        "chatsite": {"level": log_level("CHATSITE_LOG_LEVEL", default="INFO")},
        # A client's mistake is the client's to read.
        "django.request": {"level": "ERROR"},
        # It warns at every start that it will try the broker again, which is what is wanted.
        "kombu.connection": {"level": "ERROR"},
    },
}
