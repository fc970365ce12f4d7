"""Answers of a form that the question itself asks for: one word, JSON, so many points or lines."""

from __future__ import annotations

import json
import random

from chatsite.backend.training.conversations import countries, knowledge, lists, rewriting, sums
from chatsite.backend.training.conversations.exchange import Exchange, quoted, words


def formatted(rng: random.Random) -> Exchange:
    """A question that says what form its answer is to have."""
    makers = (_short, _copied, _listed, _points, _yes_no, _json, _sentences, _lines, _alphabet)
    return rng.choices(makers, weights=(5, 6, 4, 1.5, 2, 2, 2, 2, 0.5))[0](rng)


def _short(rng: random.Random) -> Exchange:
    makers = (
        lambda rng: countries.capitals(rng)[0],
        sums.plain_sum,
        knowledge.fact,
        countries.fact,
        sums.about_numbers,
        rewriting.form,
        rewriting.form,
    )
    asked = rng.choice(makers)(rng)
    while not asked.brief or len(asked.brief) > 30:
        asked = rng.choice(makers)(rng)
    order = rng.choice(words("formats")["short"])
    question = order.format(asked.question[:1].upper() + asked.question[1:])
    mark = "" if asked.brief.isdigit() and rng.random() < 0.5 else "."
    return Exchange(question, asked.brief.rstrip(".") + mark, plain=False)


def _listed(rng: random.Random) -> Exchange:
    kind, items = lists.some_of_a_kind(rng)
    number = rng.choice((sums.spelled(len(items)), str(len(items))))
    form = rng.choice(words("formats")["lists"])
    marks = {"bullet": "- {}", "star": "- {}", "number": "{n}. {}", "line": "{}", "comma": "{}"}
    parts = [marks[form["mark"]].format(item, n=n) for n, item in enumerate(items, 1)]
    answer = ", ".join(parts) if form["mark"] == "comma" else "\n".join(parts)
    question = rng.choice(form["questions"]).format(number=number, kind=kind)
    return Exchange(question, answer, plain=False)


def _copied(rng: random.Random) -> Exchange:
    """Words given back as they are, or in a form of Markdown."""
    form = rng.choice(words("formats")["copies"])
    plain = form["answer"] == "{text}"
    if plain or rng.random() < 0.3:
        text = rewriting.some_sentence(rng)
    else:
        text = " ".join(rng.sample(words("names")["things"], k=rng.choice((1, 1, 2))))
        text = text.capitalize() if rng.random() < 0.4 else text
    shown = text if plain and rng.random() < 0.7 else quoted(text, rng)
    question = rng.choice(form["questions"]).format(text=shown)
    return Exchange(question, form["answer"].format(text=text), plain=False, exact=True)


def _points(rng: random.Random) -> Exchange:
    """True sentences about something, as bullet points."""
    stored = words("formats")
    topic = rng.choice(sorted(stored["topics"]))
    points = stored["topics"][topic][: rng.randint(2, 3)]
    question = rng.choice(stored["points"]["questions"])
    number = rng.choice((sums.spelled(len(points)), str(len(points))))
    question = question.format(topic=topic, number=number)
    answer = "\n".join(f"- {point}" for point in points)
    return Exchange(question[:1].upper() + question[1:], answer, plain=False)


def _yes_no(rng: random.Random) -> Exchange:
    """A question of which the answer is to be yes or no alone."""
    stored = words("formats")["yes_no"]
    answer, kind = rng.choice((("Yes", "true"), ("No", "false")))
    question = rng.choice(stored["questions"]).format(rng.choice(stored[kind]))
    return Exchange(question, f"{answer}.", plain=False)


def _alphabet(rng: random.Random) -> Exchange:
    """The first letters of the alphabet."""
    number = rng.randint(3, 10)
    mark, said = rng.choice(((", ", ""), (" ", " Put spaces between them."), ("", " No spaces.")))
    named = number if said else rng.choice((number, sums.spelled(number)))
    question = rng.choice(words("formats")["alphabet"]["questions"]).format(number=named)
    return Exchange(question + said, mark.join("ABCDEFGHIJ"[:number]), plain=False)


def _json(rng: random.Random) -> Exchange:
    form = rng.choice(words("formats")["json"])
    country = rng.choice(countries.countries())
    names = words("names")
    person, age = rng.choice(names["people"]), rng.randint(5, 90)
    city, color = rng.choice(names["cities"]), rng.choice(names["colors"])
    a, sign, b, result = sums.sum_of(rng)
    kind, items = lists.some_of_a_kind(rng)
    values = {
        "country": country.name,
        "capital": country.capital,
        "name": person,
        "age": age,
        "city": city,
        "color": color,
        "sum": f"{a} {sign} {b}",
        "result": result,
        "kind": kind,
        "items": items,
        "number": len(items),
    }
    shown = {key: values[key] for key in form["keys"]}
    data: object = items if form["keys"] == ["items"] else shown
    question = rng.choice(form["questions"]).format(**values)
    return Exchange(question, json.dumps(data, ensure_ascii=False), plain=False)


def _sentences(rng: random.Random) -> Exchange:
    stored = words("formats")
    topic = rng.choice(sorted(stored["topics"]))
    number = rng.randint(1, 3)
    said = stored["topics"][topic][:number]
    question = rng.choice(stored["sentences"]).format(
        number=sums.spelled(number) if rng.random() < 0.8 else number,
        sentences="sentence" if number == 1 else "sentences",
        topic=topic,
    )
    return Exchange(question, " ".join(said))


def _lines(rng: random.Random) -> Exchange:
    first = rng.randint(1, 10)
    last = first + rng.randint(2, 7)
    word = rng.choice(words("names")["things"])
    times = rng.randint(2, 5)
    kind = rng.randrange(3)
    if kind == 0:
        question = rng.choice(words("formats")["count_lines"]).format(first=first, last=last)
        return Exchange(question, "\n".join(map(str, range(first, last + 1))), plain=False)
    number = rng.choice((sums.spelled(times), str(times)))
    if kind == 1:
        question = rng.choice(words("formats")["word_times"]).format(word=word, number=number)
        return Exchange(question, " ".join([word] * times), plain=False)
    question = rng.choice(words("formats")["word_lines"]).format(word=word, number=number)
    return Exchange(question, "\n".join([word] * times), plain=False)
