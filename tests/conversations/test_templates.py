"""The templates keep to the site's content security policy and to what htmx's swaps need."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from conversations.threads import MessageView, Thread

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
CONVERSATION = UUID("00000000-0000-4000-8000-000000000001")
ASKED = UUID("00000000-0000-4000-8000-000000000002")
ANSWERED = UUID("00000000-0000-4000-8000-000000000003")
FORBIDDEN = (
    re.compile(r"<[^>]*\sstyle\s*="),
    re.compile(r"<[^>]*\son[a-z]+\s*="),
    re.compile(r"<style\b"),
    re.compile(r"<script(?![^>]*\ssrc=)"),
    re.compile(r"\bhx-(on|vars)\b|[\"']js:|javascript:"),
)


def message(**changes) -> MessageView:
    plain = MessageView(
        id=ASKED,
        role="user",
        text="Hello",
        status="complete",
        model="",
        error="",
        omitted=0,
        number=1,
        siblings=1,
        previous=None,
        next=None,
        created=datetime(2026, 1, 2, tzinfo=UTC),
    )
    return replace(plain, **changes)


ANSWER = message(id=ANSWERED, role="assistant", text="**Hi**", model="echo")


def rendered(name: str, **context) -> str:
    return render_to_string(
        f"conversations/{name}.html", {"conversation_id": CONVERSATION, **context}
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(text)] == []


def test_only_the_root_of_a_thread_is_swapped_out_of_band() -> None:
    thread = Thread(messages=(message(), ANSWER), version=2, running=False)

    html = rendered("_thread", thread=thread, oob=True)

    assert re.findall(r'id="([^"]+)"[^>]*hx-swap-oob="([^"]*)"', html) == [("thread", "true")]
    assert html.count("hx-swap-oob") == 1


def test_what_a_person_said_is_shown_as_typed_and_escaped() -> None:
    html = rendered("_message", message=message(text=" <b>1 & 2</b>\n\n two "))

    bubble = re.search(r'<div class="bubble"[^>]*>(.*?)</div>', html, re.DOTALL)
    assert bubble is not None
    assert bubble[1] == " &lt;b&gt;1 &amp; 2&lt;/b&gt;\n\n two "


def test_an_answer_carries_its_source_for_copying() -> None:
    html = rendered("_message", message=replace(ANSWER, text="a < b\n"))

    assert "<template data-source>a &lt; b\n</template>" in html


def test_every_block_of_an_answer_runs_in_the_direction_of_its_words() -> None:
    html = rendered("_message", message=replace(ANSWER, text="Hello\n\n- مرحبا"))

    assert re.findall(r'<div class="block" id="[^"]+" dir="auto">', html) == [
        f'<div class="block" id="m-{ANSWERED}-b{number}" dir="auto">' for number in range(2)
    ]


@pytest.mark.parametrize(
    ("status", "text", "actions"),
    [
        ("streaming", "", []),
        ("complete", "Hi", ["regenerate"]),
        ("stopped", "Hi", ["continue", "regenerate"]),
        ("failed", "", ["retry"]),
        ("failed", "Hi", ["continue", "retry", "regenerate"]),
    ],
)
def test_each_state_of_an_answer_offers_what_can_be_done(
    status: str, text: str, actions: list[str]
) -> None:
    view = replace(ANSWER, status=status, text=text)

    html = rendered("_message", message=view)

    assert re.findall(r'"action":"([a-z]+)"', html) == actions
    assert f'aria-busy="{"true" if status == "streaming" else "false"}"' in html


def test_live_regions_stay_when_their_words_are_swapped() -> None:
    assert 'hx-swap-oob="innerHTML"' in rendered("_announcement", announcement="Hi", oob=True)
    assert 'hx-swap-oob="innerHTML"' in rendered("_problem", problem="Too long.", oob=True)
