"""Tiny stories and poems, put together from parts so that few are alike and all come to an end."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, article, asked, words


def story(rng: random.Random) -> Exchange:
    """Five to six sentences about an animal or a person, the one asked for if any."""
    stored = words("stories")
    is_animal = rng.random() < 0.65
    hero = rng.choice(stored["heroes" if is_animal else "people"])
    if rng.random() < 0.8:
        question = asked(stored["story_questions"], rng).replace("{a}", article(hero))
    else:
        question = asked(stored["any_questions"], rng)
    plot = rng.choice(stored["plots"])
    parts = [stored["openings"], *(plot[part] for part in ("problem", "middle", "help", "end"))]
    text = " ".join(rng.choice(part) for part in parts)
    friend = rng.choice([other for other in stored["heroes"] if other != hero])
    trait = rng.choice(stored["traits"])
    he, his, him = _pronouns(hero, rng)
    words_of = {
        "a_trait": article(f"{trait} {hero}"),
        "the": f"the {hero}",
        "he": he,
        "his": his,
        "him": him,
        "friend": article(friend),
        "place": rng.choice(stored["places"]),
        "thing": rng.choice([each for each in words("names")["things"] if each[0] not in "aeiou"]),
    }
    capitals = {key.capitalize(): value.capitalize() for key, value in words_of.items()}
    return Exchange(question, text.format(**words_of, **capitals))


def _pronouns(hero: str, rng: random.Random) -> tuple[str, str, str]:
    she, he = ("she", "her", "her"), ("he", "his", "him")
    if hero in {"girl", "queen", "princess", "witch", "hen"}:
        return she
    if hero in {"boy", "king", "knight", "wizard", "fisherman"}:
        return he
    return rng.choice((she, he))


def poem(rng: random.Random) -> Exchange:
    """Four lines in two rhymes."""
    stored = words("stories")["poems"]
    topic = rng.choice(stored["topics"])
    if rng.random() < 0.85:
        question = asked(stored["questions"], rng).replace("{a}", topic)
    else:
        question = asked(stored["any_questions"], rng)
    the = topic.replace("a ", "the ", 1) if topic.startswith("a ") else topic
    lines = "\n".join(rng.sample(stored["couplets"], k=2)).format(
        the=the, The=the[:1].upper() + the[1:]
    )
    written = "\n".join(line[:1].upper() + line[1:] for line in lines.split("\n"))
    return Exchange(question, written)
