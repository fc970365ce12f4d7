"""The core on what a team runs: PostgreSQL, and Redis for queue, cache, limits and live updates."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.servers.site import ROOT, clean_environment


@pytest.mark.services
@pytest.mark.timeout(1260)
def test_the_core_tests_pass_on_postgresql_and_redis(postgres_url: str, redis_url: str):
    command = [sys.executable, "-m", "pytest", "tests/accounts", "tests/conversations"]
    command += ["tests/fulltext", "tests/search", "tests/images/test_views.py"]
    command += ["tests/test_sql.py", "tests/test_database_restart.py", "-q"]
    command += ["-m", "not browser and not engine and not services", "-p", "no:xdist"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment(TEST_DATABASE_URL=postgres_url, TEST_REDIS_URL=redis_url),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
