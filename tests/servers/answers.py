"""What the fake provider says, and how it breaks: told by the model's name or by a script.

echo            repeats the last user message        markdown     a page with every element
words-N         N words at once                      huge         a megabyte of words
slow-N          N words, 50 ms apart                 length       stops for its length
status-S        HTTP status S, every time            filter       stops for its content
status-S-K      HTTP status S, K times, then echo    tool         calls the first tool offered
stall-N         goes silent after N words            reasoning    thinks first
drop-N          breaks the connection off            no-usage     never reports usage
garble-N        sends JSON that is cut in half       cut-N        ends without a finish reason
error-N         sends an error event                 no-tools     echoes, but refuses tools
thinks-N        thinks N words, then says 40         tags         thinks between tags in its text
reads-N         reads for N times 0.3 s, and tells it as llama.cpp does, then echoes
stall-N-K       does that K times, and then says what it would have said; so do the others
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Literal

Break = Literal["stall", "drop", "garble", "error", "cut"]

MARKDOWN = """# A heading

A paragraph with **bold**, *italic*, `code` and a [link](https://example.org/).

| fruit | price |
|-------|------:|
| apple | 1.20  |

- [x] done
- [ ] to do

```python
print("hello")
```

$$e^{i\\pi} + 1 = 0$$
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say and how it goes wrong. A word is one chunk, and one token.

    `text` None repeats the last user message. `breaks` happens after `after` words.
    """

    text: str | None = None
    delay: float = 0.0
    status: int = 200
    code: str | None = None
    message: str = ""
    retry_after: str = ""
    breaks: Break | None = None
    after: int = 0
    finish_reason: str = "stop"
    reasoning: str = ""
    calls_tool: bool = False
    refuses_tools: bool = False
    reports_usage: bool = True
    reads: int = 0


def words(count: int) -> str:
    """A text of `count` words: "one1 two2 three3 one4 ...", no two alike."""
    names = itertools.cycle(("one", "two", "three"))
    return " ".join(f"{next(names)}{number}" for number in range(1, count + 1))


BY_NAME = {
    "echo": Answer(),
    "markdown": Answer(MARKDOWN),
    "huge": Answer(words(120_000)),
    "length": Answer(finish_reason="length"),
    "filter": Answer(finish_reason="content_filter"),
    "no-tools": Answer(refuses_tools=True),
    "tool": Answer("", finish_reason="tool_calls", calls_tool=True),
    "tags": Answer("<think>\nLet me *think* about that.\n</think>\n\nThat is so."),
    "reasoning": Answer(reasoning="Let me think about that."),
    "no-usage": Answer(reports_usage=False),
}


def answer_for(model: str, seen: int) -> Answer | None:
    """The behaviour that a model's name asks for; `seen` earlier requests named it."""
    match re.split(r"-(?=\d)", model):
        case ["words", count]:
            return Answer(words(int(count)))
        case ["slow", count]:
            return Answer(words(int(count)), delay=0.05)
        case ["thinks", count]:
            return Answer(words(40), reasoning=words(int(count)), delay=0.05)
        case ["reads", pieces]:
            return Answer(reads=int(pieces))
        case ["status", status]:
            return Answer(status=int(status))
        case ["status", status, times]:
            return Answer(status=int(status)) if seen < int(times) else Answer()
        case ["stall" | "drop" | "garble" | "error" | "cut" as breaks, after]:
            return Answer(words(int(after) + 5), breaks=breaks, after=int(after))
        case ["stall" | "drop" | "garble" | "error" | "cut" as breaks, after, times]:
            text = words(int(after) + 5)
            return Answer(text, breaks=breaks if seen < int(times) else None, after=int(after))
    return BY_NAME.get(model)
