"""Rendering an answer as it is streamed: `python -m benchmarks.markdown`."""

import statistics
import time

from conversations.highlighting import _lexed
from conversations.latex import formula_html
from conversations.markdown import StreamRenderer, render

ANSWER = '''## Binary search

A **binary search** finds a value in a *sorted* list by halving the range it may lie in. Each
comparison throws away half of what is left, so a list of $n$ items needs at most
$\\lceil \\log_2 (n + 1) \\rceil$ comparisons; see `bisect` in the
[standard library](https://docs.python.org/3/library/bisect.html).

1. Look at the middle of the range.
2. If it is the value, stop.
3. If it is too large, go on in the lower half; otherwise in the upper half.

```python
def find(values: list[int], wanted: int) -> int | None:
    """Return the index of `wanted` in the sorted `values`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] == wanted:
            return middle
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return None
```

| Items | Linear search | Binary search |
|------:|--------------:|--------------:|
| 10 | 10 | 4 |
| 1,000 | 1,000 | 10 |
| 1,000,000 | 1,000,000 | 20 |

\\[
T(n) = T\\left(\\frac{n}{2}\\right) + O(1) \\implies T(n) = O(\\log n)
\\]

> Sorting first costs more than one linear search: it pays when you search often.

'''
UPDATES = 100
ROUNDS = 30


def stream(answer: str) -> list[float]:
    """Return the CPU seconds that each of the updates took."""
    renderer = StreamRenderer()
    seconds = []
    for number in range(1, UPDATES + 1):
        text = answer[: len(answer) * number // UPDATES]
        start = time.process_time()
        renderer.update(text)
        seconds.append(time.process_time() - start)
    return seconds


def whole(answer: str) -> float:
    """Return the CPU seconds that rendering all at once took."""
    start = time.process_time()
    render(answer)
    return time.process_time() - start


def main() -> None:
    """Print medians over the rounds."""
    cases = {
        "mixed": (ANSWER * 3)[:4096],
        "paragraphs": ("A sentence with **bold** words and `code` in it. " * 8 + "\n\n") * 11,
        "one list": "- An item with **bold** words and `code` in it.\n" * 85,
        "one code block": "```python\n" + ANSWER.split("```")[1].removeprefix("python\n") * 10,
    }
    print(f"4 KB in {UPDATES} updates, CPU time; medians of {ROUNDS} rounds, caches cold in each")
    print(f"{'answer':16}{'update, us':>12}{'slowest, us':>13}{'all, ms':>9}{'at once, ms':>13}")
    for name, text in cases.items():
        answer = text[:4096]
        rounds, once = [], []
        for _ in range(ROUNDS):
            formula_html.cache_clear()
            _lexed.cache_clear()
            rounds.append(stream(answer))
            formula_html.cache_clear()
            _lexed.cache_clear()
            once.append(whole(answer))
        update = statistics.median(seconds for each in rounds for seconds in each)
        slowest = statistics.median(max(each) for each in rounds)
        total = statistics.median(sum(each) for each in rounds)
        print(
            f"{name:16}{update * 1e6:12.0f}{slowest * 1e6:13.0f}{total * 1e3:9.1f}"
            f"{statistics.median(once) * 1e3:13.1f}"
        )


if __name__ == "__main__":
    main()
