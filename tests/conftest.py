"""What all tests share: an environment of their own, the cast, the servers and the browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest

from tests.servers.hub import Hub
from tests.servers.people import PASSWORD, PEOPLE
from tests.servers.postgres import MISSING as NO_POSTGRES
from tests.servers.postgres import postgres
from tests.servers.redis import MISSING as NO_REDIS
from tests.servers.redis import redis
from tests.servers.site import Site, backend_variables, clean_environment
from tests.servers.upstream import Upstream

# The settings are read once, on import: all that they see has to be in place before that.
# TEST_DATABASE_URL and TEST_REDIS_URL run the tests on other servers than the built-in ones.
DATA = Path(tempfile.mkdtemp(prefix="chatsite-tests-"))
_environment = clean_environment(
    DJANGO_SETTINGS_MODULE="chatsite.settings",
    CHATSITE_DATA_DIR=str(DATA),
    CHATSITE_ENGINE="false",
    CHATSITE_ILLUSTRATOR="false",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{DATA / 'db.sqlite3'}",
    REDIS_URL=os.environ.get("TEST_REDIS_URL", ""),
)
for _name in os.environ.keys() - _environment.keys():
    del os.environ[_name]
os.environ.update(_environment)
django.setup()

from django.conf import LazySettings, settings  # noqa: E402
from django.core.cache import cache  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

    from accounts.models import User

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every process that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

FAILED = pytest.StashKey[bool]()
PATIENCE = 60_000
"""Milliseconds that a browser waits for what it is told to expect; a busy machine needs them."""
CHROMIUM = shutil.which("chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    # A real hash takes a good part of a second on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Tests in this process need no `collectstatic`; those of the real site run it.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # In a file, as in real life: in memory, threads meet locks that no timeout applies to.
        database.setdefault("TEST", {})["NAME"] = str(DATA / "test.sqlite3")


def pytest_unconfigure() -> None:
    shutil.rmtree(DATA, ignore_errors=True)


SLOW = (
    *("test_tuning", "test_improvement", "test_loop", "test_end_to_end", "test_training"),
    *("test_job", "test_starter", "test_run", "test_team_installation", "test_api_examples"),
    *("test_chat", "test_models", "test_api_docs", "test_diffusing", "test_engine_fuzz"),
)
"""Files that take half a minute and more: begun last, they would have one core wait for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """No test sees what another has cached."""
    yield
    cache.clear()
    _forget_registry()
    # Each test's Alice has the same number, and a minute sees more tests than requests allowed.
    if limits := sys.modules.get("accounts.limits"):
        limits._own_limiter.cache_clear()


def _forget_registry() -> None:
    # Much of the suite does without the backends and all that they import.
    if registry := sys.modules.get("chatsite.backend.registry"):
        registry.get_registry.cache_clear()


# --- the cast


def _account(name: str) -> User:
    from accounts.services import create_user

    return create_user(PEOPLE[name], PASSWORD, display_name=name.title())


@pytest.fixture
def administrator(db: None) -> User:
    return _account("administrator")


@pytest.fixture
def alice(administrator: User) -> User:
    return _account("alice")


@pytest.fixture
def bob(administrator: User) -> User:
    return _account("bob")


# --- servers


@pytest.fixture(scope="session")
def _upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(_upstream: Upstream) -> Upstream:
    """The fake provider, with nothing recorded and nothing scripted."""
    _upstream.reset()
    return _upstream


@pytest.fixture(scope="session")
def _hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def hub(_hub: Hub) -> Hub:
    """The model hub, without repositories and without faults."""
    _hub.reset()
    return _hub


@pytest.fixture
def fake_models(upstream: Upstream, settings: LazySettings) -> Upstream:
    """The fake provider as the only backend of the site in this process: "fake/echo" and so on."""
    settings.BACKENDS = [
        {
            "name": "fake",
            "label": "Fake",
            "base_url": upstream.url,
            "api_key": "sk-upstream",
            "prefix": "fake/",
            "timeout": 5.0,
            "models": [],
            "context_window": None,
        }
    ]
    settings.ENGINE_ENABLED = False
    _forget_registry()
    return upstream


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if NO_POSTGRES:
        pytest.skip(NO_POSTGRES)
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if NO_REDIS:
        pytest.skip(NO_REDIS)
    with redis() as url:
        yield url


@pytest.fixture(scope="session")
def _site(
    tmp_path_factory: pytest.TempPathFactory, _upstream: Upstream, _hub: Hub
) -> Iterator[Site]:
    variables = {**backend_variables(_upstream.url), "HF_ENDPOINT": _hub.url}
    site = Site(tmp_path_factory.mktemp("site"), **variables)
    site.start()
    yield site
    assert site.stop() == 0, site.output


@pytest.fixture
def site(_site: Site, upstream: Upstream) -> Site:
    """The real site with the engine, the fake provider and the hub, one for all of a worker."""
    return _site


# --- the browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # One for each module, not for all: while it lives, an event loop counts as running in this
    # thread, and Django refuses to use the database there.
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures whether the test has failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def page_for(
    browser: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """A page of the real site in a browser profile of its own, signed in as somebody or nobody.

    Other arguments are Playwright's for a new context: viewport, color_scheme, reduced_motion.
    A script error or a violation of the content security policy on any of them fails the test.
    A test that fails leaves pictures of its pages in test-results/.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def heed(message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            problems.append(message.text)

    def page_for(name: str | None = "alice", **options: Any) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if name is not None:
            session = site.person(name).session
            context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", heed)
        return page

    yield page_for
    for number, context in enumerate(contexts):
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                name = re.sub(r"\W+", "-", request.node.name)
                page.screenshot(path=request.config.rootpath / f"test-results/{name}-{number}.png")
                sys.stderr.write(f"{name}-{number}: {page.url}\n{page.inner_text('body')}\n")
        context.close()
    if request.node.stash.get(FAILED, False):
        sys.stderr.write(site.output[-4000:])
    assert problems == []
