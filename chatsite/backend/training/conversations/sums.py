"""Small sums: within 100, the times table to 12 and its division, and what belongs to them."""

# ruff: noqa: RUF001 the signs of multiplication and division are meant

from __future__ import annotations

import random
import zlib

from chatsite.backend.training.conversations.exchange import Exchange, words

_SIGNS = {"+": ("+",), "-": ("-",), "×": ("*", "x", "×", "*"), "÷": ("/", "÷", ":", "/")}
_WORDS = {
    "+": ("plus", "plus", "and"),
    "-": ("minus",),
    "×": ("times", "times", "multiplied by"),
    "÷": ("divided by", "divided by", "over"),
}


def held_out_sum(a: int, b: int) -> bool:
    """Whether a + b and a - b are kept out of training: 5 % of the pairs, by their CRC-32.

    Pairs of which both are at most 12 are all trained on, as everybody learns them by heart.
    """
    return max(a, b) > 12 and zlib.crc32(f"{a},{b}".encode()) % 20 == 0


def spelled(number: int) -> str:
    """A number from 0 to 100 in words."""
    units, tens = words("sums")["units"], words("sums")["tens"]
    if number < 20:
        return str(units[number])
    if number == 100:
        return "one hundred"
    ten = str(tens[number // 10 - 2])
    return f"{ten}-{units[number % 10]}" if number % 10 else ten


def sum_of(rng: random.Random) -> tuple[int, str, int, int]:
    """A sum as (left, sign, right, result), none that is held out."""
    while True:
        sign = rng.choices("+-×÷", weights=(38, 30, 20, 12))[0]
        if sign in "+-" and rng.random() < 0.25:
            a, b = _round_or_even(rng)
            if (sign == "+" or a >= b) and not _shows_held_out(a, sign, b):
                return a, sign, b, a + b if sign == "+" else a - b
        if sign == "×":
            a, b = rng.randint(0, 12), rng.randint(1, 12)
            return a, sign, b, a * b
        if sign == "÷":
            a, b = rng.randint(1, 12), rng.randint(1, 12)
            return a * b, sign, b, a
        top = rng.choices((10, 20, 50, 100), weights=(2, 3, 3, 3))[0]
        a = rng.randint(0, top)
        b = rng.randint(0, top if top < 100 or rng.random() < 0.3 else 100 - a)
        if sign == "-" and rng.random() < 0.97:
            a, b = max(a, b), min(a, b)
        if not _shows_held_out(a, sign, b):
            return a, sign, b, a + b if sign == "+" else a - b


def _round_or_even(rng: random.Random) -> tuple[int, int]:
    """Two numbers that people try first and that chance seldom brings: tens, a number and itself, a
    number and nothing, a hundred and something, small ones."""
    small = rng.randint(0, 12)
    return rng.choice(
        (
            (10 * rng.randint(1, 10), 10 * rng.randint(1, 10)),
            (100, 10 * rng.randint(1, 9)),
            (100, rng.randint(1, 99)),
            (small, small),
            (rng.randint(1, 50), 0),
            (10 * rng.randint(1, 9), rng.randint(1, 9)),
            (small, rng.randint(0, 12)),
            (small, rng.randint(0, 12)),
        )
    )


def _shows_held_out(a: int, sign: str, b: int) -> bool:
    return any(held_out_sum(*pair) for pair in ((a, b), _step(a, sign, b)) if pair)


def equation(a: int, sign: str, b: int, result: int) -> str:
    """The sum with its result, as every answer writes it.

    Where two numbers of two digits are added or subtracted the tens come first, as in
    47 + 38 = 70 + 15 = 85: no step is more than a small model can learn by heart.
    """
    step = _step(a, sign, b)
    return f"{a} {sign} {b} = " + (f"{step[0]} {sign} {step[1]} = " if step else "") + str(result)


def _step(a: int, sign: str, b: int) -> tuple[int, int] | None:
    """The sum that is left when the tens are done, None for a sum that is done at once."""
    tens, units = b - b % 10, b % 10
    if sign == "+" and min(a, b) >= 10 and units:
        return a - a % 10 + tens, a % 10 + units
    if sign == "-" and a >= b >= 10 and units:
        return a - tens, units
    return None


def _expression(a: int, sign: str, b: int, rng: random.Random) -> str:
    style = rng.random()
    if style < 0.45:
        return f"{a} {rng.choice(_SIGNS[sign])} {b}"
    if style < 0.6:
        return f"{a}{rng.choice(_SIGNS[sign])}{b}"
    if sign == "×" and style > 0.84 and a != b:  # three threes and its like are kept for evaluation
        return f"{rng.choice((spelled(a), str(a)))} {_plural(b)}"
    if style < 0.9 or max(a, b) > 100:
        return f"{a} {rng.choice(_WORDS[sign])} {b}"
    return f"{spelled(a)} {rng.choice(_WORDS[sign])} {spelled(b)}"


def _plural(number: int) -> str:
    """The number in words as in: four sevens."""
    word = spelled(number)
    return f"{word}es" if word.endswith("x") else f"{word}s"


def _question(a: int, sign: str, b: int, rng: random.Random) -> str:
    if rng.random() < 0.25:
        orders = words("sums")["orders"][sign]
        return str(rng.choice(orders)).format(a=a, b=b)
    expression = _expression(a, sign, b, rng)
    asked = str(rng.choice(words("sums")["questions"])).format(expression)
    return asked[:1].upper() + asked[1:]


def plain_sum(rng: random.Random) -> Exchange:
    """One sum."""
    a, sign, b, result = sum_of(rng)
    return _exchange(_question(a, sign, b, rng), a, sign, b, result)


def _exchange(question: str, a: int, sign: str, b: int, result: int) -> Exchange:
    brief = "" if _step(a, sign, b) else str(result)
    return Exchange(question, f"{equation(a, sign, b, result)}.", brief)


def follow_ups(rng: random.Random) -> list[Exchange]:
    """A sum, and what its result becomes."""
    a, sign, b, result = sum_of(rng)
    exchanges = [_exchange(_question(a, sign, b, rng), a, sign, b, result)]
    for _ in range(rng.randint(1, 2)):
        following = _following(rng, result)
        if not following:
            break
        exchanges.append(following[0])
        result = following[1]
    return exchanges


def _following(rng: random.Random, result: int) -> tuple[Exchange, int] | None:
    """What becomes of a result, with the new one; None where that would be no small sum."""
    then = words("sums")["then"]
    kind = rng.choice(("+", "+", "-", "-", "×", "double", "half"))
    if kind in {"double", "half"}:
        new, rest = (2 * result, 0) if kind == "double" else divmod(result, 2)
        if rest or not 0 < min(result, new) <= 25:
            return None
        said = f"{'Double' if kind == 'double' else 'Half of'} {result} is {new}."
        return Exchange(rng.choice(then[kind]), said, str(new)), new
    step = rng.randint(1, 12)
    new = {"+": result + step, "-": result - step, "×": result * step}[kind]
    if result < 0 or not 0 <= new <= 200 or (kind == "×" and result > 12):
        return None
    if _shows_held_out(result, kind, step):
        return None
    return _exchange(rng.choice(then[kind]).format(step), result, kind, step, new), new


def many_sums(rng: random.Random) -> Exchange:
    """Several sums in one message, one a line."""
    sums = [sum_of(rng) for _ in range(rng.randint(3, 12))]
    lines = [f"{a} {rng.choice(_SIGNS[sign])} {b}" for a, sign, b, _ in sums]
    opening = rng.choice(words("sums")["many"])
    answer = "\n".join(equation(*each) for each in sums)
    return Exchange(opening + "\n" + "\n".join(lines), answer, plain=False)


def word_problem(rng: random.Random, names: list[str]) -> Exchange:
    """A sum told as a story of one or two sentences."""
    a, sign, b, result = sum_of(rng)
    while max(a, b) < 2 or (sign in "×÷" and b < 2) or result < 0:
        a, sign, b, result = sum_of(rng)
    stored = words("sums")
    problem = rng.choice(stored["problems"][sign])
    name = rng.choice(names)
    things = rng.choice(stored["things"])
    question = problem["question"].format(name=name, a=a, b=b, things=things)
    answer = problem["answer"].format(
        name=name, sum=equation(a, sign, b, result), result=result, things=things
    )
    return Exchange(question, answer)


def which_of_two(rng: random.Random) -> Exchange:
    """A sum and two results, or one that may be wrong."""
    a, sign, b, result = sum_of(rng)
    wrong = result + rng.choice((-2, -1, 1, 2, 10))
    first, second = rng.sample((result, wrong), k=2)
    expression = _expression(a, sign, b, rng)
    if rng.random() < 0.5:
        question = rng.choice(words("sums")["either"]).format(expression, first, second)
        answer = f"{equation(a, sign, b, result)}."
    else:
        question = rng.choice(words("sums")["check"]).format(expression, first)
        said = "Yes" if first == result else "No"
        answer = f"{said}, {equation(a, sign, b, result)}."
    return Exchange(question[:1].upper() + question[1:], answer)


def three_numbers(rng: random.Random) -> Exchange:
    """The sum of three numbers, one of them perhaps taken away, worked from left to right."""
    while True:
        a, b, c = (rng.randint(1, 12) for _ in range(3))
        if rng.random() < 0.3:
            a, b = 10 * rng.randint(1, 5), 10 * rng.randint(1, 4)
        sign = rng.choice("++-")
        shown = ((a, "+", b), (a + b, sign, c))
        if (sign == "+" or c <= a + b) and not any(_shows_held_out(*each) for each in shown):
            break
    first, last = equation(a, "+", b, a + b), a + b + c if sign == "+" else a + b - c
    second = equation(a + b, sign, c, last)
    form = rng.choice(("{a} + {b} {sign} {c}", "{a}+{b}{sign}{c}", "{a} plus {b} {said} {c}"))
    said = "plus" if sign == "+" else "minus"
    expression = form.format(a=a, b=b, c=c, sign=sign, said=said)
    question = rng.choice(words("sums")["questions"]).format(expression)
    if sign == "+" and rng.random() < 0.3:
        question = rng.choice(words("sums")["three"]).format(a=a, b=b, c=c)
    return Exchange(question[:1].upper() + question[1:], f"{first}, and {second}.", str(last))


def about_numbers(rng: random.Random) -> Exchange:
    """Double and half, larger and smaller, before and after, even and odd, order, counting."""
    kinds = words("sums")["about"]  # the first two are double and half, which are asked for most
    kind = rng.choices(kinds, weights=[3, 3, *(1 for _ in kinds[2:])])[0]
    a, b = rng.sample(range(1, 101), k=2)
    half, last = rng.randint(1, 25), a + rng.randint(3, 12)
    several = rng.sample(range(1, 100), k=rng.randint(3, 5))
    start, step, countdown = rng.randint(1, 20), rng.choice((1, 2, 2, 3, 5, 10)), rng.randint(3, 12)
    values = {
        "a": a,
        "b": b,
        "low": min(a, b),
        "high": max(a, b),
        "half": half,
        "double": 2 * half,
        "before": a - 1,
        "after": a + 1,
        "parity": "odd" if a % 2 else "even",
        "last": last,
        "several": ", ".join(map(str, several)),
        "ordered": ", ".join(map(str, sorted(several))),
        "most": max(several),
        "least": min(several),
        "sequence": ", ".join(str(start + step * n) for n in range(4)),
        "next": start + step * 4,
        "countdown": countdown,
        "down": ", ".join(map(str, range(countdown, 0, -1))),
        "counted": ", ".join(map(str, range(a, last + 1))),
    }
    return Exchange(
        rng.choice(kind["questions"]).format(**values),
        kind["answer"].format(**values),
        kind["brief"].format(**values),
    )
