"""LiteLLM's proxy from PyPI, in an environment of its own: what the gateway is measured against."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.site import end
from tests.servers import free_port
from tests.servers.site import ROOT, clean_environment

REQUIREMENT = "litellm[proxy]~=1.106"
HOME = ROOT / "build" / "litellm-proxy"
KEY = "sk-bench-0123456789"
INSTALLING = 240
"""Seconds."""

# A row for each request, as its own database logging would write; that needs Prisma, whose
# engines are downloaded from where no package registry is.
RECORDER = """
import json, os
from litellm.integrations.custom_logger import CustomLogger

class Recorder(CustomLogger):
    def __init__(self):
        super().__init__()
        self.rows = os.open("usage.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        usage = response_obj.get("usage")
        row = {
            "key": kwargs["litellm_params"]["metadata"].get("user_api_key_hash"),
            "model": kwargs["model"],
            "in": usage.prompt_tokens,
            "out": usage.completion_tokens,
            "cost": kwargs.get("response_cost"),
            "ms": (end_time - start_time).total_seconds() * 1000,
        }
        os.write(self.rows, json.dumps(row).encode() + b"\\n")

recorder = Recorder()
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy with one worker, and the file of what it has recorded."""

    port: int
    process: psutil.Process
    usage: Path

    def recorded(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.usage.read_text().splitlines()]


def install() -> str:
    """Install the proxy unless it is there; the reason where that is impossible, else ""."""
    if (HOME / "bin" / "litellm").exists():
        return ""
    print("Installing LiteLLM's proxy; that takes a minute.", flush=True)
    home = str(HOME)
    pip = [f"{home}/bin/pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT]
    for command in ([sys.executable, "-m", "venv", home], pip):
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=INSTALLING
            )
        except subprocess.TimeoutExpired:
            return f"{REQUIREMENT} is not installed after {INSTALLING} s"
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:]
            return f"{REQUIREMENT} cannot be installed: {''.join(last)}"
    return ""


@contextmanager
def running_proxy(provider_url: str) -> Iterator[Proxy]:
    """The proxy over a provider's `words` and `slow`, with a key and usage recorded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "recorder.py").write_text(RECORDER)
        models = [
            {
                "model_name": model,
                "litellm_params": {
                    "model": f"openai/{model}",
                    "api_base": provider_url,
                    "api_key": "sk-upstream",
                    # With a price its spend tracking has something to do, as ours has.
                    "input_cost_per_token": 1e-6,
                    "output_cost_per_token": 2e-6,
                },
            }
            for model in ("words", "slow")
        ]
        configuration = {
            "model_list": models,
            "general_settings": {"master_key": KEY},
            "litellm_settings": {"callbacks": ["recorder.recorder"], "telemetry": False},
        }
        # JSON is YAML, too.
        (folder / "config.yaml").write_text(json.dumps(configuration))
        (folder / "usage.jsonl").touch()
        port = free_port()
        with (folder / "log").open("wb") as log:
            listen = ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
            web = subprocess.Popen(
                [str(HOME / "bin" / "litellm"), "--config", "config.yaml", *listen],
                cwd=folder,
                env=clean_environment(
                    LITELLM_MODE="PRODUCTION",
                    LITELLM_LOG="ERROR",
                    LITELLM_LOCAL_MODEL_COST_MAP="True",
                    PATH=f"{HOME / 'bin'}:{os.environ['PATH']}",
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            if not _listens(port, web):
                raise SystemExit(f"LiteLLM did not start:\n{(folder / 'log').read_text()[-3000:]}")
            yield Proxy(port, psutil.Process(web.pid), folder / "usage.jsonl")
        finally:
            end(web)


def _listens(port: int, web: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 120
    while web.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.2)
    return False
