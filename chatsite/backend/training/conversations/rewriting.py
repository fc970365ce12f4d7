"""Work on words and sentences: case, forms, spelling, grammar, shortening."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import (
    Exchange,
    article,
    asked,
    quoted,
    words,
)
from chatsite.backend.training.conversations.memory import person


def form(rng: random.Random) -> Exchange:
    """The past tense, plural, opposite, synonym or comparative of a word, or its spelling."""
    stored = words("rewriting")
    if rng.random() < 0.2:
        return _letters(rng)
    kind = rng.choices(sorted(stored["pairs"]), weights=(1, 3, 3, 3, 2))[0]
    word, result = rng.choice(stored["pairs"][kind]).split()
    question = asked(stored["asked"][kind], rng).format(quoted(word, rng))
    question = question[:1].upper() + question[1:]
    return Exchange(question, stored["said"][kind].format(word, result), result.capitalize())


def _letters(rng: random.Random) -> Exchange:
    stored = words("names")
    word = rng.choice(stored[rng.choice(("things", "foods", "colors", "hobbies"))])
    kind = rng.randrange(4)
    if kind == 0:
        spelled = "-".join(word.upper().replace(" ", ""))
        question = rng.choice(("Spell {}.", "How do you spell {}?", "Spell the word {}."))
        return Exchange(question.format(word), f"{word.capitalize()} is spelled {spelled}.")
    if kind == 1:
        question = rng.choice(("What is the first letter of {}?", "First letter of {}?"))
        answer = f'The first letter of "{word}" is {word[0].upper()}.'
        return Exchange(question.format(word), answer, word[0].upper())
    if kind == 2:
        question = rng.choice(("What is the last letter of {}?", "Last letter of {}?"))
        answer = f'The last letter of "{word}" is {word[-1].upper()}.'
        return Exchange(question.format(word), answer, word[-1].upper())
    items = rng.sample(stored["things"], k=rng.randint(3, 5))
    question = rng.choice(("Sort these words: {}.", "Put these words in alphabetical order: {}."))
    ordered = ", ".join(sorted(items))
    return Exchange(question.format(", ".join(items)), f"{ordered}.", ordered)


def sentence(rng: random.Random) -> Exchange:
    """A few words in capitals or in small letters, or a sentence with its capitals put in."""
    stored, names = words("rewriting"), words("names")
    kind = rng.choices(("upper", "lower", "capitalize"), weights=(3, 3, 2))[0]
    if kind == "capitalize":
        answer = some_sentence(rng)
        text = answer.lower()
    else:
        # Whole sentences in capitals are hundreds of rare tokens, of which few are learnt.
        pool = [*names["things"], *names["foods"], *names["colors"], *names["pets"]]
        text = " ".join(rng.sample(pool, k=rng.choice((1, 1, 2, 2, 3))))
        text, answer = text.capitalize(), text.upper()
        if kind == "lower":
            text, answer = answer, text.lower()
        text = quoted(text, rng) if rng.random() < 0.5 else text
    question = rng.choice(stored["tasks"][kind]["questions"]).format(text)
    return Exchange(question, answer, plain=False, exact=True)


def some_sentence(rng: random.Random) -> str:
    """A sentence of the list, or one made of names, so that copying is learnt."""
    if rng.random() < 0.4:
        return str(rng.choice(words("rewriting")["sentences"]))
    names = words("names")
    shape = rng.choice(
        (
            "{a} and {b} like {food}.",
            "{a} lives in {city} and works as {job}.",
            "{a} bought {a_thing} in {city}.",
            "The {thing} is {color}.",
            "{a} met {b} in {city}.",
            "{a} drinks {drink} every day.",
            "My {pet} is called {a}.",
            "I found {colored} {thing}.",
        )
    )
    thing, color = rng.choice(names["things"]), rng.choice(names["colors"])
    return shape.format(
        a=person(rng),
        b=person(rng),
        food=rng.choice(names["foods"]),
        city=rng.choice(names["cities"]),
        job=article(rng.choice(names["jobs"])),
        thing=thing,
        a_thing=article(thing),
        color=color,
        colored=article(color),
        drink=rng.choice(names["drinks"]),
        pet=rng.choice(names["pets"]),
    )


def clause(rng: random.Random) -> Exchange:
    """A sentence in the past or the future, negated, as a question, or more polite."""
    stored = words("rewriting")
    kind = rng.choices(sorted(stored["clause_questions"]), weights=(2, 2, 4, 2, 2))[0]
    if kind == "polite":
        text, answer = rng.choice(stored["polite"]["orders"]).split(" | ")
    else:
        text, answer = _clause(kind, rng)
    return Exchange(rng.choice(stored["clause_questions"][kind]).format(text), answer, exact=True)


def _clause(kind: str, rng: random.Random) -> tuple[str, str]:
    stored = words("rewriting")["clauses"]
    if rng.random() < 0.3:
        return _being(kind, rng)
    subject = rng.choice([*stored["subjects"], *rng.sample(words("names")["people"], k=3)])
    forms, rest = rng.choice(stored["verbs"]).split(" | ")
    base, third, past = forms.split()
    singular = subject not in {"I", "We", "They", "You"}
    does = "does" if singular else "do"
    spoken = subject if subject == "I" or subject in words("names")["people"] else subject.lower()
    text = f"{subject} {third if singular else base} {rest}."
    return text, {
        "past": f"{subject} {past} {rest}.",
        "future": f"{subject} will {base} {rest}.",
        "negative": f"{subject} {does}n't {base} {rest}.",
        "question": f"{does.capitalize()} {spoken} {base} {rest}?",
    }[kind]


def _being(kind: str, rng: random.Random) -> tuple[str, str]:
    """A sentence of somebody being something, and its other form."""
    stored = words("rewriting")["clauses"]
    form = rng.choice(stored["being"])
    subject, now, past = form.split()
    if subject == "NAME":
        subject = rng.choice(words("names")["people"])
    state = rng.choice(stored["states"])
    spoken = subject if subject == "I" or form.startswith("NAME") else subject.lower()
    return f"{subject} {now} {state}.", {
        "past": f"{subject} {past} {state}.",
        "future": f"{subject} will be {state}.",
        "negative": f"{subject} {now} not {state}.",
        "question": f"{now.capitalize()} {spoken} {state}?",
    }[kind]


def corrected(rng: random.Random) -> Exchange:
    """A sentence with one or two words misspelt or a wrong form, and the right one."""
    stored = words("rewriting")
    if rng.random() < 0.35:
        wrong, right = rng.choice(stored["grammar"]["pairs"]).split(" | ")
        return Exchange(rng.choice(stored["grammar"]["questions"]).format(wrong), right, exact=True)
    pairs = dict(pair.split() for pair in stored["spelling"]["mistakes"])
    right = str(rng.choice(stored["spelling"]["frames"]))
    wrong_words = []
    for word in right.split():
        bare = word.strip(".?,").lower()
        mistaken = pairs.get(bare) if rng.random() < 0.75 else None
        wrong_words.append(word.replace(word.strip(".?,"), mistaken) if mistaken else word)
    question = rng.choice(stored["spelling"]["questions"]).format(" ".join(wrong_words))
    return Exchange(question, right, exact=True)


def summary(rng: random.Random) -> Exchange:
    """Three or four sentences about somebody, and the first thing that they say."""
    names = words("names")
    who, city = person(rng), rng.choice(names["cities"])
    job, hobby = rng.choice(names["jobs"]), rng.choice(names["hobbies"])
    food, pet = rng.choice(names["foods"]), rng.choice(names["pets"])
    said = [
        f"{who} is {article(job)} who lives in {city}.",
        f"Every morning {who} gets up early and goes to work.",
        f"In the evening there is time for {hobby}.",
        f"On weekends {who} cooks {food} for friends.",
        f"At home waits {article(pet)}.",
    ]
    text = " ".join([said[0], *rng.sample(said[1:], k=rng.randint(2, 3))])
    answer = f"{who} is {article(job)} in {city}"
    answer += f" who likes {hobby}." if hobby in text else "."
    return Exchange(rng.choice(words("rewriting")["shorten"]["questions"]).format(text), answer)


def about_text(rng: random.Random) -> Exchange:
    """A question whose answer stands in a short text before it."""
    names = words("names")
    who, other, city = person(rng), person(rng), rng.choice(names["cities"])
    thing, color = rng.choice(names["things"]), rng.choice(names["colors"])
    colored = article(f"{color} {thing}")
    text = f"{who} bought {colored} in {city} and gave it to {other}."
    question, answer, brief = rng.choice(
        (
            (f"What did {who} buy?", f"{who} bought {colored}.", f"{colored.capitalize()}."),
            (f"Where did {who} buy the {thing}?", f"{who} bought it in {city}.", f"In {city}."),
            (f"Which color is the {thing}?", f"The {thing} is {color}.", color.capitalize()),
            (f"Who has the {thing} now?", f"{other} has the {thing} now.", other),
            (f"Who bought the {thing}?", f"{who} bought the {thing}.", who),
        )
    )
    return Exchange(
        f"{text} {question}" if rng.random() < 0.6 else f"{text}\n\n{question}", answer, brief
    )
