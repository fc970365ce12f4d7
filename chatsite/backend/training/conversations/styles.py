"""What a system prompt or custom instructions ask for, and how it changes the answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatsite.backend.training.conversations import memory, sums
from chatsite.backend.training.conversations.exchange import Exchange, asked, words
from chatsite.backend.training.conversations.languages import in_language

Talk = Callable[[random.Random], list[Exchange]]


@dataclass(frozen=True)
class Styled:
    """A system prompt and a talk that follows it."""

    system: str
    exchanges: list[Exchange]


_PIRATE = (
    ("Arr! ", ", matey!"),
    ("Ahoy! ", ", arr!"),
    ("Arr, matey! ", ""),
    ("Yo ho ho! ", ", me hearty!"),
    ("Aye! ", ", arr!"),
)
_FORMAL = (
    ("Certainly. ", ""),
    ("Good day. ", " I remain at your service."),
    ("", " Please let me know if I may be of further assistance."),
    ("With pleasure. ", ""),
    ("Certainly, Sir or Madam. ", ""),
)
_CHEERFUL = (
    ("Great question! ", ""),
    ("Yay! ", " I'm so glad you asked!"),
    ("", " Have a wonderful day!"),
    ("Wonderful! ", ""),
    ("Oh, I love this one! ", ""),
)
_COWBOY = (("Howdy, partner! ", ""), ("Howdy! ", ", partner!"), ("Yee-haw! ", ", partner!"))
_ROBOT = (("Beep boop. ", " Beep."), ("Beep. ", " End of message."))
_POET = (("Hark! ", ""), ("Verily, ", ""), ("My lord, ", ""), ("Good morrow! ", ""))
_EMOJI = ("😊", "🙂", "👍", "🎉", "✨", "😀", "🌟")

_FRAMED = {
    "pirate": _PIRATE,
    "formal": _FORMAL,
    "cheerful": _CHEERFUL,
    "cowboy": _COWBOY,
    "robot": _ROBOT,
    "poet": _POET,
}


def styled(talk: Talk, rng: random.Random) -> Styled:
    """A talk under one of the system prompts of styles.toml."""
    makers = (_toned, _phrase, _addressed, _persona, _known_user, _foreign, _fact, _rule, _number)
    return rng.choices(makers, weights=(38, 16, 8, 13, 10, 9, 10, 9, 4))[0](talk, rng)


def neutral(rng: random.Random) -> str:
    """A system prompt that asks for nothing in particular."""
    stored = words("styles")["neutral"]
    return " ".join(rng.sample(stored, k=rng.choice((1, 1, 1, 2))))


def _toned(talk: Talk, rng: random.Random) -> Styled:
    kinds = ("brief", "one_sentence", "upper", "lower", "emoji", *_FRAMED)
    kind = rng.choices(kinds, weights=(6, 2, 4, 2, 2, 5, 4, 4, 2, 1, 1))[0]
    return Styled(_system(kind, rng), [_changed(each, kind, rng) for each in talk(rng)])


def _system(kind: str, rng: random.Random) -> str:
    prompt = str(rng.choice(words("styles")[kind]))
    if rng.random() < 0.25:
        other = rng.choice(words("styles")["neutral"])
        prompt = f"{other} {prompt}" if rng.random() < 0.6 else f"{prompt} {other}"
    return prompt


def _changed(exchange: Exchange, kind: str, rng: random.Random) -> Exchange:
    answer = exchange.answer
    if kind == "brief" and exchange.brief:
        end = "" if exchange.brief.endswith((".", "!", "?")) or "\n" in exchange.brief else "."
        answer = exchange.brief + end
    elif kind in {"brief", "one_sentence"}:
        answer = _first_sentence(answer) if exchange.plain else answer
    elif kind in {"upper", "lower"}:
        answer = answer.upper() if kind == "upper" else answer.lower()
    elif kind == "emoji":
        answer = f"{answer} {rng.choice(_EMOJI)}"
    elif exchange.plain:
        before, after = rng.choice(_FRAMED[kind])
        answer = _framed(before, answer, after)
    return replace(exchange, answer=answer)


def _framed(before: str, answer: str, after: str) -> str:
    """The answer with words around it; an ending that begins with a comma joins its sentence."""
    if after.startswith(","):
        answer = answer.rstrip(".!?")
    return f"{before}{answer}{after}"


def _first_sentence(answer: str) -> str:
    for mark in ("! ", ". ", "? ", ".\n"):
        head, found, _ = answer.partition(mark)
        if found and len(head) > 12:
            return head + mark[0]
    return answer


def _phrase(talk: Talk, rng: random.Random) -> Styled:
    kind = rng.choice(("start", "end"))
    phrase = rng.choice(words("styles")["phrases"])
    if rng.random() < 0.3:
        phrase = rng.choice(words("names")["things"]).capitalize()
    mark = rng.choice(("", "!", "."))
    written = f"{phrase}{mark}"
    system = rng.choice(words("styles")[kind]).format(written)
    made = []
    for each in talk(rng):
        if not each.plain:
            continue
        said = written if mark else f"{written}."
        answer = f"{said} {each.answer}" if kind == "start" else f"{each.answer} {said}"
        made.append(replace(each, answer=answer))
    return Styled(system, made or [Exchange("Hello", f"{written} Hello!")])


def _addressed(talk: Talk, rng: random.Random) -> Styled:
    name = rng.choice(("Boss", "Captain", "Sir", "Professor", *(memory.person(rng) for _ in "ab")))
    system = rng.choice(words("styles")["address"]).format(name)
    made = []
    for each in talk(rng):
        joined = f"{name}, {each.answer[:1].lower()}{each.answer[1:]}"
        keeps = each.answer.startswith(("I ", "I'm", "I'd", "In ")) or not each.plain
        said = f"{each.answer.rstrip('.!')}, {name}." if rng.random() < 0.4 else joined
        answer = f"{name}, here you are: {each.answer}" if keeps else said
        made.append(replace(each, answer=answer))
    return Styled(system, made)


def _persona(talk: Talk, rng: random.Random) -> Styled:
    name = memory.person(rng)
    stored = words("styles")
    names = words("about")["topic"]
    question = asked(names[rng.choice((0, 1))]["questions"][:34], rng)
    who = Exchange(question, rng.choice(stored["persona_answers"]).format(name), name)
    made = [who, *talk(rng)] if rng.random() < 0.5 else [*talk(rng), who]
    if rng.random() < 0.4:
        made = [who]
    return Styled(rng.choice(stored["persona"]).format(name), made)


def _known_user(talk: Talk, rng: random.Random) -> Styled:
    stored = words("styles")
    told = {kind["kind"]: kind for kind in reversed(memory.kinds())}
    kind, prompts, value = rng.choice(
        (
            ("person", "user_name", memory.person(rng)),
            ("cities", "user_city", rng.choice(words("names")["cities"])),
            ("jobs", "user_job", rng.choice(words("names")["jobs"])),
        )
    )
    answer = memory.filled(rng.choice(told[kind]["answers"]), value)
    question = Exchange(memory.question(told[kind], rng), answer, value)
    made = [question] if rng.random() < 0.5 else [*talk(rng), question]
    return Styled(memory.filled(rng.choice(stored[prompts]), value), made)


def _fact(talk: Talk, rng: random.Random) -> Styled:
    """Something that the system prompt says of a shop, an event or a person, and is asked for."""
    names = words("names")
    facts = rng.sample(words("styles")["fact"], k=rng.choice((1, 1, 2, 3)))
    values = {
        "hour": str(rng.randint(6, 11)),
        "evening": str(rng.randint(4, 10)),
        "day": rng.choice(names["days"]),
        "price": str(rng.randint(2, 90)),
        "name": memory.person(rng),
        "place": rng.choice(names["cities"]),
        "thing": rng.choice(names["things"]),
        "color": rng.choice(names["colors"]),
        "number": str(rng.randint(10, 999)),
        "who": rng.choice(
            ("shop", "museum", "library", "café", "office", "bank", "pool", "bakery")
        ),
    }
    said = [_capital(each["said"].format(**values)) for each in facts]
    if rng.random() < 0.3:
        said.insert(0, rng.choice(words("styles")["neutral"]))
    exchanges = []
    for each in rng.sample(facts, k=rng.randint(1, len(facts))):
        question = asked(each["asked"], rng).format(**values)
        exchanges.append(Exchange(_capital(question), _capital(each["answer"].format(**values))))
    made = [*talk(rng), *exchanges] if rng.random() < 0.3 else exchanges
    return Styled(" ".join(said), made)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rule(talk: Talk, rng: random.Random) -> Styled:
    """Words that are to be said when something is asked about, and other talk as ever."""
    stored = words("styles")
    topic = rng.choice(sorted(stored["rule_topics"]))
    reply = rng.choice(stored["rule_replies"])
    if rng.random() < 0.3:
        reply = f"Please ask {memory.person(rng)}."
    system = rng.choice(stored["rules"]).format(topic=topic, reply=reply)
    made = [Exchange(asked(stored["rule_topics"][topic], rng), reply, plain=False)]
    if rng.random() < 0.4:
        made = [*talk(rng), *made] if rng.random() < 0.5 else [*made, *talk(rng)]
    return Styled(system, made)


def _number(_talk: Talk, rng: random.Random) -> Styled:
    """Sums of which the number alone is wanted."""
    made: list[Exchange] = []
    while not made:
        some = (sums.plain_sum(rng) for _ in range(rng.randint(1, 4)))
        made = [replace(each, answer=each.brief) for each in some if each.brief]
    return Styled(rng.choice(words("styles")["number_alone"]), made)


def _foreign(_talk: Talk, rng: random.Random) -> Styled:
    language = rng.choice(sorted(words("languages")["replies"]))
    system = rng.choice(words("styles")["language"]).format(language, language)
    return Styled(system, [in_language(language, rng) for _ in range(rng.randint(1, 3))])
