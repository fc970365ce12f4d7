"""Changes by talking: an instruction changes the scene, and what it does not name stays.

"Make it night and add two boats", "remove the house", "move the moon to the left", "as pixel
art", "replace the cat with a dog": one clause after another, each by its first word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.language.changes import Changes, find
from chatsite.backend.illustrator.language.instructions import INSTEAD, clauses
from chatsite.backend.illustrator.language.lexer import Token, gerunds, tokens
from chatsite.backend.illustrator.language.parser import read_into
from chatsite.backend.illustrator.language.phrase import Cursor, Phrase, read_phrase
from chatsite.backend.illustrator.language.revision import merged, opened
from chatsite.backend.illustrator.language.sketch import Draft, Sketch
from chatsite.backend.illustrator.scene import Scene

_ACROSS = {"left": 0.2, "center": 0.5, "right": 0.8}
_MORE = re.compile(r"\b(?:more|another|extra|additional|to the (?:picture|scene|image))\b")
_ABOUT = re.compile(
    r"\b(?:the|this) (?:colou?r|picture|scene|image|whole thing|background|backdrop|setting"
    r"|scenery|place|location|style|time|weather|season)(?: of| to| into| be)?\b"
    r"|'s colou?r(?: to)?\b"
)
_TO_SOMEBODY = re.compile(
    r"^((?:an?|the|some|two|three) .+?)(?<!next)(?<!close)(?<!left)(?<!right) (?:to|for)"
    r" ((?:the|its|his|her) .+)$"
)
_IT = re.compile(r"\b(?:it|them)\b")
_ZOOM = {
    "zoom out": "wide",
    "zoom in": "close-up",
    "further away": "wide",
    "from further away": "wide",
    "closer": "close-up",
}


def refine(scene: Scene, instruction: str) -> Scene:
    """The scene after a change; subjects that it does not name keep their id, look and place.

    Never fails: `ignored` of the new scene holds the words of the instruction, and only those,
    that were not understood.
    """
    scene = replace(scene, ignored=())
    topic = None
    for command, clause in clauses(instruction):
        about = clause if topic is None else _IT.sub(f"the {topic}", clause)
        scene = _STEPS[command](scene, about)
        named = find(opened(scene).drafts, read_phrase(Cursor(tokens(clause))))
        topic = named[-1].kind.name if named else topic
    return scene


def _say(scene: Scene, clause: str) -> Scene:
    """What a prompt could say: more things, another time, style, place."""
    for words, camera in _ZOOM.items():
        if clause.startswith(words):
            return replace(scene, camera=camera)
    sketch = opened(scene)
    phrase = read_phrase(Cursor(tokens(clause)))
    there = find(sketch.drafts, phrase)
    if there and phrase.article == "the" and _moves(scene, clause):
        return _move(scene, clause)
    if there and phrase.number is not None and not _MORE.search(clause):
        there[0].count = phrase.number
        return merged(scene, sketch)
    read_into(sketch, _MORE.sub(" ", clause))
    return merged(scene, sketch)


def _add(scene: Scene, clause: str) -> Scene:
    phrase = read_phrase(Cursor(tokens(clause)))
    if phrase.article == "the" and phrase.noun is not None and _moves(scene, clause):
        return _move(scene, clause)
    if match := _TO_SOMEBODY.match(clause):
        clause = f"{match[2]} with {match[1]}"
    elif rest := _given(scene, clause):
        clause = rest
    sketch = opened(scene)
    read_into(sketch, _MORE.sub(" ", clause))
    return merged(scene, sketch)


def _given(scene: Scene, clause: str) -> str | None:
    """ "The fox a hat", "it wings": as "the fox with a hat"; None where nothing is given."""
    cursor = Cursor(tokens(clause))
    living = [s.kind for s in scene.subjects if kinds()[s.kind].living]
    who = living[0] if cursor.is_next("pronouns") and living else None
    if who is not None:
        cursor.take()
    else:
        phrase = read_phrase(cursor)
        if phrase.modifiers:
            # "The fox wings": not the wings of foxes.
            phrase.noun = phrase.modifiers[0]
            cursor.at -= 1
        named = find(opened(scene).drafts, phrase)
        if not named or phrase.article != "the":
            return None
        who = named[0].kind.name
    first = cursor.peek()
    if first is None or not (first.get("articles", "number") or cursor.noun_follows(0)):
        return None
    rest = []
    while cursor.peek() is not None:
        rest.append(cursor.take().text)
    return f"the {who} with {' '.join(rest)}"


def _moves(scene: Scene, clause: str) -> bool:
    """Whether "put the fox ..." is about a thing that is there, and ends in where it goes."""
    cursor = Cursor(tokens(clause))
    there = find(opened(scene).drafts, read_phrase(cursor))
    return bool(there) and cursor.is_next("place", "relation")


def _remove(scene: Scene, clause: str) -> Scene:
    sketch = opened(scene)
    if re.fullmatch(r"everything|all|it all", clause):
        _take(sketch, sketch.drafts, None)
        return merged(scene, sketch)
    others = re.match(r"(?:everything|all|anything)\b.*?\b(?:except|but|besides)\b(.+)", clause)
    if others:
        kept = [d for phrase in _phrases(others[1]) for d in find(sketch.drafts, phrase)]
        _take(sketch, [d for d in sketch.drafts if d not in kept], None)
        return merged(scene, sketch)
    if worn := re.match(r"(.+?) (?:from|off|of) (the .+)", clause):
        # "The hat from the fox": only what the fox has on.
        owners = find(sketch.drafts, read_phrase(Cursor(tokens(worn[2]))))
        noun = read_phrase(Cursor(tokens(worn[1]))).noun
        if noun is not None and _bared(owners, _names_of(noun)):
            return merged(scene, sketch)
        clause = worn[1] if noun is not None else clause
    for phrase in _phrases(clause):
        found = find(sketch.drafts, phrase)
        _take(sketch, found, phrase.number)
        for word in phrase.unknown:
            sketch.ignore(word)
        if (
            phrase.noun is not None
            and not found
            and not _bared(sketch.drafts, _names_of(phrase.noun))
        ):
            for name in _names_of(phrase.noun)[:1]:
                sketch.leave_out(name)
    return merged(_undone(scene, clause, sketch), sketch)


def _undone(scene: Scene, clause: str, sketch: Sketch) -> Scene:
    """The scene without the weather, season, light and so on that a clause names."""
    fields: dict[str, Any] = {}
    weather = list(scene.weather)
    for token in tokens(clause):
        gone = {*token.all("weather"), *(("cloudy",) if "cloud" in token.all("kind") else ())}
        if not gone & set(weather):
            for name in token.all("weather"):
                sketch.leave_out(name)
        weather = [name for name in weather if name not in gone]
        for name in ("season", "light", "camera", "mood"):
            if getattr(scene, name) in token.all(name):
                fields[name] = None
    return replace(scene, weather=tuple(weather), **fields)


def _phrases(text: str) -> list[Phrase]:
    """The noun phrases of a list, whatever stands between them."""
    cursor, found = Cursor(tokens(text)), []
    while cursor.peek() is not None:
        before = cursor.at
        found.append(read_phrase(cursor))
        if cursor.at == before:
            cursor.take()
    return found


def _names_of(noun: Token) -> tuple[str, ...]:
    return (*noun.all("part"), *(r.value for r in noun.readings if r.role == "kind" and not r.near))


def _take(sketch: Sketch, found: list[Draft], number: int | None) -> None:
    """Takes things out, or some of them where a number is said."""
    for draft in found:
        if number is not None and number < draft.count:
            draft.count -= number
        else:
            sketch.drafts = [d for d in sketch.drafts if d is not draft]
    for draft in sketch.drafts:
        draft.targets = [t for t in draft.targets if t in sketch.drafts]


def _bared(drafts: Iterable[Draft], names: Iterable[str]) -> bool:
    """Takes a part or a piece of clothing off; False where nobody has it."""
    wanted, taken = set(names), False
    for draft in drafts:
        kept = [part for part in draft.parts if part.name not in wanted]
        taken = taken or len(kept) < len(draft.parts)
        draft.parts = kept
    return taken


def _change(scene: Scene, clause: str) -> Scene:
    if re.match(r"(?:it|the (?:picture|scene|image)) (?:in|as|look like|like|at|on)\b", clause):
        return _say(scene, clause.partition(" ")[2])
    sketch = opened(scene)
    if match := re.match(r"(the .+?) (an? .+)", clause):
        # "Make the cat a dog."
        new, whole = read_phrase(Cursor(tokens(match[2]))), Cursor(tokens(match[1]))
        thing = new.noun is not None and new.noun.get("kind") and not new.noun.get("images")
        there = find(sketch.drafts, read_phrase(whole)) and whole.peek() is None
        if thing and there:
            return _replace(scene, f"{match[1]} with {match[2]}")
    if (doing := _doing_with(sketch.drafts, clause)) is not None:
        return _say(scene, doing)
    text = _ABOUT.sub(" ", clause)
    Changes(sketch, Cursor(tokens(text))).run()
    return merged(scene, sketch)


def _doing_with(drafts: list[Draft], clause: str) -> str | None:
    """ "The fox wear a hat" as "the fox wearing a hat"; None where there is no such verb."""
    cursor = Cursor(tokens(clause))
    phrase = read_phrase(cursor)
    if phrase.article != "the" or not find(drafts, phrase):
        return None
    verb, words = cursor.peek(), []
    if verb is None:
        return None
    cursor.take()
    while cursor.peek() is not None:
        words.append(cursor.take().text)
    rest = " ".join(words)
    for form in ("with",) if verb.get("with") else gerunds(verb.text):
        text = f"{form} {rest}"
        first = next(iter(tokens(text)), None)
        links = first is not None and (first.get("with") or first.get("verb"))
        if links and words and any(t.get("kind", "part", "setting") for t in tokens(rest)):
            return f"the {phrase.noun.text if phrase.noun else ''} {text}"
    return None


def _replace(scene: Scene, clause: str) -> Scene:
    """One kind for another in the same place; two that are there change places."""
    if match := INSTEAD.match(clause):
        new, old = match[1], match[2]
    elif match := re.match(r"(.+?)\s+and\s+(.+)", clause) or re.match(
        r"(.+?)\s+(?:with|for|by|into|to)\s+(.+)", clause
    ):
        old, new = match[1], match[2]
    else:
        return replace(scene, ignored=(*scene.ignored, *clause.split()))
    sketch = opened(scene)
    gone = find(sketch.drafts, read_phrase(Cursor(tokens(old))))
    phrase = read_phrase(Cursor(tokens(new)))
    there = find(sketch.drafts, phrase) if phrase.article == "the" else []
    if gone and there:
        return _swapped(scene, gone[0], there[0])
    if phrase.noun is None or phrase.noun.get("kind") is None:
        return _change(scene, f"{old} {new}") if gone else _say(scene, new)
    made = opened(replace(scene, subjects=()))
    read_into(made, new)
    if not gone or not made.drafts:
        return _say(scene, new)
    first = made.drafts[0]
    for draft in gone:
        draft.kind, draft.colors, draft.size = first.kind, list(first.colors), first.size
        draft.traits = [*first.traits, *(t for t in draft.traits if t in first.kind.traits)]
        draft.parts = list(first.parts)
        draft.count = first.count if phrase.number is not None else draft.count
    sketch.substituted += made.substituted
    sketch.ignored += made.ignored
    return merged(scene, sketch)


def _swapped(scene: Scene, one: Draft, other: Draft) -> Scene:
    """The scene with the places of two subjects exchanged."""
    if one.origin is None or other.origin is None:
        return scene
    a, b = one.origin, other.origin
    new = {
        a.id: replace(a, at=b.at, place=b.place),
        b.id: replace(b, at=a.at, place=a.place),
    }
    if a.relation is not None and b.id in a.relation.targets:
        turned = {"left_of": "right_of", "right_of": "left_of", "behind": "in_front_of"}
        kind = turned.get(a.relation.kind, a.relation.kind)
        new[a.id] = replace(new[a.id], relation=replace(a.relation, kind=kind))
    return replace(scene, subjects=tuple(new.get(s.id, s) for s in scene.subjects))


def _move(scene: Scene, clause: str) -> Scene:
    text = re.sub(r"\b(?:(?:further|farther) )?(?:back|away)$", "to the background", clause)
    text = re.sub(r"\b(?:closer|nearer|forward|forwards)$", "to the foreground", text)
    text = re.sub(r"\b(?:further|farther|a bit|a little|slightly|more|over|up|down)\b", " ", text)
    text = re.sub(r"\b(?<!the )(left|right)$", r"to the \1", " ".join(text.split()))
    sketch = opened(scene)
    phrase = read_phrase(Cursor(tokens(text)))
    moved = find(sketch.drafts, phrase)
    if not moved:
        return _say(scene, clause)
    for draft in moved:
        draft.place, draft.relation, draft.targets, draft.at = None, None, [], None
    read_into(sketch, text)
    for draft in moved:
        before = draft.origin.at if draft.origin is not None else None
        if before is None:
            continue
        if draft.place in _ACROSS:
            draft.at = (_ACROSS[draft.place], before[1], before[2])
        elif re.search(r"\b(?:up|higher)\b", clause) and draft.place is None:
            draft.at = (before[0], max(0.08, before[1] - 0.15), before[2])
        elif re.search(r"\b(?:down|lower)\b", clause) and draft.place is None:
            draft.at = (before[0], min(0.98, before[1] + 0.15), before[2])
        elif draft.place is None and draft.relation is None:
            draft.at = before
    return merged(scene, sketch)


def _fewer(scene: Scene, clause: str) -> Scene:
    sketch = opened(scene)
    found = find(sketch.drafts, read_phrase(Cursor(tokens(clause))))
    for draft in found:
        draft.count = max(1, draft.count // 2)
    return merged(scene, sketch) if found else _remove(scene, clause)


_STEPS = {
    "say": _say,
    "add": _add,
    "more": _add,
    "remove": _remove,
    "change": _change,
    "replace": _replace,
    "move": _move,
    "fewer": _fewer,
}
