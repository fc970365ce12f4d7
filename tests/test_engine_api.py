"""The API of the real site over the real engine, through the official client."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

import openai
import orjson
import pytest

from tests.backend.engine.alphabet import wait_until, write_alphabet
from tests.backend.engine.seeing import TOKENS, picture, write_projector
from tests.servers.site import ROOT, Site

pytestmark = [pytest.mark.engine, pytest.mark.timeout(180)]

HELLO: Any = [{"role": "user", "content": "What is the capital of Japan?"}]


@pytest.fixture
def client(site: Site) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{site.url}/v1",
        api_key=site.person("alice").api_key,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_plain_and_streamed_answers_agree(client: openai.OpenAI) -> None:
    options: Any = {"model": "starter", "messages": HELLO, "temperature": 0, "max_tokens": 30}
    plain = client.chat.completions.create(**options)
    chunks = list(
        client.chat.completions.create(
            **options, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == plain.choices[0].message.content
    assert text
    assert plain.usage is not None
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == plain.usage.completion_tokens


def test_several_choices_differ_and_a_seed_repeats_them(client: openai.OpenAI) -> None:
    options: Any = {"model": "starter", "n": 6, "seed": 7, "temperature": 1.5, "max_tokens": 20}
    messages: Any = [{"role": "user", "content": "Tell me a story."}]
    first = client.chat.completions.create(messages=messages, **options)
    again = client.chat.completions.create(messages=messages, **options)
    texts = [choice.message.content for choice in first.choices]
    assert len(set(texts)) > 1
    assert texts == [choice.message.content for choice in again.choices]
    assert first.usage is not None
    assert first.usage.prompt_tokens < 40


def test_logprobs_spell_the_answer(client: openai.OpenAI) -> None:
    [choice] = client.chat.completions.create(
        model="starter", messages=HELLO, logprobs=True, top_logprobs=2, max_tokens=8, temperature=0
    ).choices
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    assert (
        "".join(t.token for t in choice.logprobs.content).strip()
        == (choice.message.content or "").strip()
    )
    assert {len(t.top_logprobs) for t in choice.logprobs.content} == {2}


def test_a_schema_is_kept_to(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
        "additionalProperties": False,
    }
    reply = client.chat.completions.create(
        model="starter",
        messages=HELLO,
        max_tokens=200,
        response_format={"type": "json_schema", "json_schema": {"name": "c", "schema": schema}},
    )
    assert set(orjson.loads(reply.choices[0].message.content or "")) == {"city"}


def test_a_stop_string_is_where_it_stops(client: openai.OpenAI) -> None:
    options: Any = {"model": "starter", "messages": HELLO, "temperature": 0, "max_tokens": 30}
    whole = client.chat.completions.create(**options).choices[0].message.content or ""
    word = whole.split()[2]
    stopped = client.chat.completions.create(**options, stop=[word]).choices[0]
    assert stopped.message.content == whole[: whole.index(word)]
    assert stopped.finish_reason == "stop"


def test_a_prompt_beyond_the_window_is_refused_with_the_numbers(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "word " * 3000}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="starter", messages=messages)
    assert caught.value.code == "context_length_exceeded"
    assert "1024 tokens" in caught.value.message


def test_a_file_in_the_folder_is_a_model_at_once_and_a_broken_one_says_why(
    client: openai.OpenAI, site: Site
) -> None:
    starter = ROOT / "chatsite" / "backend" / "engine" / "starter" / "starter.gguf"
    folder = site.folder / "data" / "models"
    folder.mkdir(exist_ok=True)
    shutil.copy(starter, folder / "copied.gguf")
    (folder / "broken.gguf").write_bytes(starter.read_bytes()[:100_000])
    reply = client.chat.completions.create(model="copied", messages=HELLO, max_tokens=5)
    assert reply.model == "copied"
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="broken", messages=HELLO)
    assert caught.value.code == "model_broken"
    listed = [model.id for model in client.models.list()]
    assert "copied" in listed
    assert "broken" not in listed


def test_a_model_with_a_projector_sees(client: openai.OpenAI, site: Site) -> None:
    folder = site.folder / "data" / "models"
    write_projector(folder / "seer.mmproj.gguf")
    write_alphabet(folder / "seer.gguf", sees=True)
    shown = picture("blue", kind="WEBP")
    chat: Any = [{"role": "user", "content": [{"type": "text", "text": "What?"}, shown]}]
    item: Any = {"type": "input_image", "detail": "low", "image_url": shown["image_url"]["url"]}
    asked: Any = [{"role": "user", "content": [{"type": "input_text", "text": "What?"}, item]}]
    reply = client.chat.completions.create(model="seer", messages=chat, max_tokens=3)
    response = client.responses.create(model="seer", input=asked, max_output_tokens=16)
    model = client.models.retrieve("seer")
    assert "vision" in (model.model_extra or {})["capabilities"]
    assert (reply.choices[0].message.content, response.output_text) == ("bbb", "b" * 16)
    assert reply.usage is not None
    words: Any = [{"role": "user", "content": "What?"}]
    plain = client.chat.completions.create(model="seer", messages=words, max_tokens=3)
    assert plain.usage is not None
    assert plain.choices[0].message.content == "abc"
    assert reply.usage.prompt_tokens >= plain.usage.prompt_tokens + TOKENS


def test_a_promotion_by_another_process_is_served_within_seconds(
    client: openai.OpenAI, site: Site
) -> None:
    def served() -> str:
        time.sleep(0.25)  # there is a limit on requests
        return client.chat.completions.create(
            model="starter:latest", messages=HELLO, max_tokens=2
        ).model

    starter = ROOT / "chatsite" / "backend" / "engine" / "starter" / "starter.gguf"
    better = site.folder / "data" / "models" / "better.gguf"
    better.parent.mkdir(exist_ok=True)
    shutil.copy(starter, better)
    assert served() == "starter"
    said = site.manage("models", "promote", "better", "--reason", "It is newer.")
    assert said.strip() == "starter:latest stands for better, no longer for starter."
    try:
        wait_until(lambda: served() == "better", seconds=60)
        better.unlink()
        wait_until(lambda: served() == "starter", seconds=60)  # the one before it
        assert client.models.retrieve("starter:latest").to_dict()["alias_of"] == "starter"
    finally:
        site.manage("models", "rollback")
    first, *changes = site.manage("models", "alias").splitlines()
    assert first == "starter:latest stands for starter"
    assert [change.partition(": ")[2] for change in changes[:2]] == [
        "better to starter by the command line. Rolled back.",
        "starter to better by the command line. It is newer.",
    ]


def test_prompts_of_old_scripts_are_answered(client: openai.OpenAI) -> None:
    options: Any = {"model": "starter", "temperature": 0, "max_tokens": 8, "logprobs": 2}
    prompt = HELLO[0]["content"]
    reply = client.completions.create(prompt=[prompt, "Hello!"], **options)
    chat = client.chat.completions.create(
        model="starter", messages=HELLO, temperature=0, max_tokens=8
    )
    first, second = reply.choices
    assert first.text == chat.choices[0].message.content
    assert (first.index, second.index) == (0, 1)
    assert first.logprobs is not None
    assert "".join(first.logprobs.tokens or ()).strip() == first.text.strip()
    assert {len(top) for top in first.logprobs.top_logprobs or ()} == {2}
    assert reply.usage is not None
    assert reply.usage.completion_tokens <= 16


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            "reads text only",
        ),
        ({"type": "file", "file": {"file_data": "data:,x"}}, "reads no files"),
    ],
)
def test_what_a_model_cannot_read_is_refused(client: openai.OpenAI, part: Any, words: str) -> None:
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "Look"}, part]}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="starter", messages=messages)
    assert caught.value.code == "unsupported_content"
    assert caught.value.param == "messages[0].content[1]"
    assert words in caught.value.message
