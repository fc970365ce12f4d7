from __future__ import annotations

import pytest

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import IssuedKey
from tests.servers.upstream import Upstream


@pytest.fixture
def fake_models(fake_models: Upstream) -> Upstream:
    """The fake provider, listing every behaviour that these tests ask for."""
    fake_models.models = (
        "echo", "words-3", "slow-6", "slow-10", "slow-20", "slow-200", "stall-0", "stall-2",
        "drop-3", "error-3", "status-503", "status-400", "status-429", "tool", "no-tools",
        "reasoning", "thinks-40", "reads-6", "tags", "no-usage", "length",
    )  # fmt: skip
    return fake_models


@pytest.fixture
def key(alice: User) -> IssuedKey:
    """Alice's key."""
    return issue_key(alice, "tests")


@pytest.fixture
def bobs_key(bob: User) -> IssuedKey:
    return issue_key(bob, "tests")
