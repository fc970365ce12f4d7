"""The OpenAPI document: valid, complete, and true of what a real site answers to anything.

`FUZZ_EXAMPLES=200 .venv/bin/pytest tests/contract/test_openapi.py` asks far more than the suite
has time for; `FUZZ_SEED` asks something else.
"""

from __future__ import annotations

import os
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chatsite import api_replies
from tests.servers.site import Site

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODELS = {"/v1/embeddings": "fake/echo", "/v1/moderations": "omni-moderation-latest"}
"""A word that Hypothesis comes upon by itself is hardly ever a model's name."""
FAR = {"503": "fake cannot be reached", "504": "takes longer than"}
"""What no worker draws, and no engine answers here, is no fault of the gateway."""


@pytest.fixture
def document(quick_site: Site) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{quick_site.url}/v1/openapi.json", timeout=60).json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix('/v1')}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_says_what_it_answers(document: dict[str, Any]) -> None:
    """Whoever adds an operation adds its reply to chatsite/api_replies.py."""
    described = operations(document)
    assert set(described) - set(api_replies.REPLIES) == set()
    for key, operation in described.items():
        content = operation["responses"]["200"]["content"]
        assert content, key
        assert {"400", "401", "403", "500"} <= set(operation["responses"]), key
        assert operation["summary"], key
        assert operation["tags"], key
        assert ("text/event-stream" in content) == (key in STREAMED), key


STREAMED = {
    "POST /chat/completions", "POST /completions", "POST /responses", "POST /images/generations",
    "POST /images/edits", "GET /fine-tunes/{fine_tune_id}/events",
}  # fmt: skip


def test_no_two_schemas_share_a_name(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    tools = {name for name in schemas if name.endswith("AllowedTools")}
    assert len(tools) > 1  # of chat completions, and of responses


def test_a_key_is_asked_for(document: dict[str, Any]) -> None:
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"] == {
        "key": {"type": "http", "scheme": "bearer"}
    }


@pytest.mark.timeout(600)
def test_what_is_answered_is_in_the_document(quick_site: Site, document: dict[str, Any]) -> None:
    key = quick_site.person().api_key
    headers = {"authorization": f"Bearer {key}"}
    schema: Any = schemathesis.openapi.from_dict(document)
    asked: dict[str, set[int]] = {}
    faults: list[str] = []

    def judge(case: schemathesis.Case) -> None:
        body = case.body
        if isinstance(body, dict) and "model" in body and isinstance(body["model"], str):
            body["model"] = MODELS.get(case.path, "fake/echo")
        response = case.call(base_url=quick_site.url, headers=headers, timeout=60)
        asked.setdefault(case.operation.label, set()).add(response.status_code)
        checks = list(CHECKS)
        if FAR.get(str(response.status_code), "\0") in response.text:
            checks.remove(not_a_server_error)
        case.validate_response(response, checks=checks)

    for result in schema.get_all_operations():
        operation = result.ok()
        cases = st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
        check = given(case=cases)(judge)
        check = settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(check)
        try:
            seed(SEED)(check)()
        except FailureGroup as group:
            faults += [f"{operation.label}: {group}"]
    assert faults == [], "\n".join(faults)
    assert set(asked) == {f"{m.upper()} {p}" for p, ms in document["paths"].items() for m in ms}
    assert "Traceback" not in quick_site.output
