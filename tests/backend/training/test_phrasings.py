"""How the grammars vary what users type, and that the answers stay true to it."""

from __future__ import annotations

import random
import re

import pytest

from chatsite.backend.training.conversations import (
    about,
    countries,
    languages,
    lists,
    memory,
    smalltalk,
    stories,
    styles,
    sums,
)
from chatsite.backend.training.conversations.exchange import (
    Exchange,
    joined,
    mistyped,
    typed,
    words,
)


def nothing_between(_rng: random.Random) -> list[Exchange]:
    return []


def test_a_slip_of_the_fingers_spares_names_numbers_and_places_for_values() -> None:
    text = "please remember that {noun} is {value}, Anna 1234"
    made = {mistyped(text, random.Random(seed)) for seed in range(400)}
    assert text in made
    assert len(made) > 10
    assert all({"{noun}", "{value},", "Anna", "1234"} <= set(each.split()) for each in made)


def test_an_opening_goes_on_with_a_small_letter_unless_a_name_follows() -> None:
    assert joined("So, ", "What is that?") == "So, what is that?"
    assert joined("Btw ", "I'm here.") == "Btw I'm here."
    assert joined("Hi! ", "What is that?") == "Hi! What is that?"
    assert joined("Well, ", "OpenAI made you.") == "Well, OpenAI made you."


def test_a_question_is_typed_in_several_ways_that_keep_its_letters() -> None:
    made = {typed("What is that?", random.Random(seed)) for seed in range(300)}
    assert {"What is that?", "what is that", "What's that?", "What is that??"} <= made
    assert all(each.lower().rstrip("?") in {"what is that", "what's that"} for each in made)


@pytest.mark.parametrize("name", ["about", "site"])
def test_no_wording_belongs_to_two_topics(name: str) -> None:
    owner: dict[str, int] = {}
    for number, topic in enumerate(words(name)["topic"]):
        for question in topic["questions"]:
            said = re.sub(r"\W+", " ", question.lower()).strip()
            assert owner.setdefault(said, number) == number, question


def test_every_topic_of_the_site_is_asked_for_in_many_ways() -> None:
    asked: dict[str, set[str]] = {}
    rng = random.Random(1)
    for _ in range(8000):
        exchange = about.site(rng)
        asked.setdefault(exchange.answer, set()).add(exchange.question)
    assert set(asked) == {a for topic in words("site")["topic"] for a in topic["answers"]}
    assert min(len(questions) for questions in asked.values()) > 15


def test_a_greeting_of_the_morning_is_not_answered_in_the_evening() -> None:
    rng = random.Random(2)
    for _ in range(1500):
        exchange = smalltalk.greeting(rng)
        if re.search(r"\bmorning\b", exchange.question, re.IGNORECASE):
            assert "morning" in exchange.answer


@pytest.mark.parametrize("number", range(len(memory.kinds())))
def test_each_kind_of_thing_told_is_what_is_answered(number: int) -> None:
    kind = memory.kinds()[number]
    rng = random.Random(number)
    item = memory.value(kind["kind"], rng)
    for said in kind["said"]:
        assert item.lower() in memory.filled(said, item).lower()
    assert {memory.filled(answer, item)[-1] for answer in kind["answers"]} == {"."}
    assert len({memory.question(kind, rng) for _ in range(60)}) > 25


def test_values_take_the_article_they_need_and_begin_a_sentence_with_a_capital() -> None:
    assert memory.filled("I work as {a}.", "engineer") == "I work as an engineer."
    assert memory.filled("{A} is good company.", "dog") == "A dog is good company."
    assert memory.filled("{} sounds delicious!", "rice") == "Rice sounds delicious!"


def test_of_a_corrected_fact_the_later_value_holds() -> None:
    for seed in range(60):
        first, change, question = memory.corrected(random.Random(seed), nothing_between)
        assert question.brief.lower() in change.question.lower()
        assert question.brief.lower() in question.answer.lower()
        assert first.question != change.question


def test_a_question_about_the_talk_is_answered_from_it_letter_by_letter() -> None:
    def between(rng: random.Random) -> list[Exchange]:
        return [countries.is_capital(rng)]

    kinds = set()
    for seed in range(60):
        *talk, last = memory.repeated(random.Random(seed), between)
        if last.answer.startswith("You asked"):
            assert all(each.exact for each in talk)
            quotes = {f'You asked: "{each.question}"' for each in (talk[0], talk[-1])}
            assert last.answer in quotes
        else:
            result = talk[-1].answer.rstrip(".").rsplit("= ", 1)[-1]
            said = {f"I named {talk[-1].brief}.", f"The result was {result}."}
            assert last.answer in {talk[-1].answer, *said}
        kinds.add(last.answer.split(" ")[0])
    assert {"You", "I", "No,", "The"} <= kinds


def test_yes_and_no_about_capitals_are_right() -> None:
    capitals = {country.name: country.capital for country in countries.countries()}
    said = set()
    for seed in range(200):
        exchange = countries.is_capital(random.Random(seed))
        match = re.fullmatch(
            r"Yes, (?P<city>.+) is the capital of (?P<land>.+)\."
            r"|No, the capital of (?P<other>.+) is (?P<right>.+)\.",
            exchange.answer,
        )
        assert match
        city, land = match["city"] or match["right"], match["land"] or match["other"]
        assert capitals[land] == city
        if not land.startswith(city):
            assert (city in exchange.question) == (exchange.brief == "Yes")
        said.add(exchange.brief)
    assert said == {"Yes", "No"}


def test_sequences_and_extremes_are_right() -> None:
    seen = set()
    for seed in range(1500):
        exchange = sums.about_numbers(random.Random(seed))
        numbers = [int(each) for each in re.findall(r"\d+", exchange.question)]
        if exchange.answer.startswith("The next number is"):
            assert int(exchange.brief) == 2 * numbers[-1] - numbers[-2]
        elif exchange.answer.startswith("The biggest is"):
            assert int(exchange.brief) == max(numbers)
        elif exchange.answer.startswith("The smallest is"):
            assert int(exchange.brief) == min(numbers)
        else:
            continue
        seen.add(exchange.answer.split(" is ")[0])
    assert seen == {"The next number", "The biggest", "The smallest"}


def test_three_numbers_are_worked_from_left_to_right_without_a_held_out_sum() -> None:
    for seed in range(500):
        answer = sums.three_numbers(random.Random(seed)).answer
        pairs = re.findall(r"(\d+) [-+] (\d+)", answer)
        assert not any(sums.held_out_sum(int(a), int(b)) for a, b in pairs)


def test_a_translation_is_the_stored_one_both_ways() -> None:
    stored = words("languages")
    phrases = stored["phrases"]
    abroad, home, at_once = 0, 0, 0
    for seed in range(400):
        for exchange in languages.translations(random.Random(seed)):
            pairs = re.findall(r'(\w+)(?:, you say|:) "([^"]+)"', exchange.answer)
            for language, foreign in pairs:
                number = stored["languages"].index(language)
                asked_for = [phrase for phrase, said in phrases.items() if said[number] == foreign]
                assert asked_for
                assert language in exchange.question
            abroad += len(pairs) == 1
            at_once += len(pairs) > 1
            if meant := re.fullmatch(r'It means "(.+)"\.', exchange.answer):
                said = [each.lower() for each in phrases[meant[1]]]
                assert any(each in exchange.question.lower() for each in said)
                home += 1
    assert min(abroad, home, at_once) > 10


def test_what_is_to_be_copied_stands_in_the_answer_and_in_the_question() -> None:
    marks = set()
    for form in words("formats")["copies"]:
        assert "{text}" in form["answer"]
        assert all("{text}" in question for question in form["questions"])
        marks.add(form["answer"])
    assert {"{text}", "**{text}**", "# {text}", "```\n{text}\n```"} <= marks


def test_a_system_prompt_s_fact_or_rule_is_what_is_answered() -> None:
    seen = {"fact": 0, "rule": 0}
    for seed in range(1500):
        made = styles.styled(nothing_between, random.Random(seed))
        facts = [each.answer for each in made.exchanges if each.answer in made.system]
        if re.search(r"\b(?:answer|reply|say|with)\b.*: ", made.system):
            seen["rule"] += bool(facts)
        elif facts:
            seen["fact"] += 1
    assert min(seen.values()) > 20


def test_a_sum_with_two_results_is_worked_and_a_wrong_one_denied() -> None:
    said = set()
    for seed in range(300):
        exchange = sums.which_of_two(random.Random(seed))
        result = exchange.answer.rstrip(".").split(" = ")[-1]
        if match := re.match(r"Yes|No", exchange.answer):
            assert (result in re.findall(r"-?\d+", exchange.question)) or match[0] == "No"
            said.add(match[0])
        else:
            assert result in re.findall(r"-?\d+", exchange.question)
    assert said == {"Yes", "No"}


def test_no_list_and_no_poem_says_a_thing_twice() -> None:
    for seed in range(400):
        items = re.findall(
            r"^(?:\d+\.|-) (.+)$", lists.short_list(random.Random(seed)).answer, re.MULTILINE
        )
        assert len(items) == len(set(items))
        lines = stories.poem(random.Random(seed)).answer.split("\n")
        assert len(set(lines)) == 4
