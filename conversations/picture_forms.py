"""The forms in which a change of a picture is said: "make it ...", "without ...", "could it ...".

Only a form that fits makes it worth while to look at the words, and at the conversation.
"""

from __future__ import annotations

import re

LONGEST = 160
"""Characters; whoever writes more after a picture wants to talk about it."""
NAMED = (
    r"(?:the|this|that|my|your)\s+(?:(?:last|whole|same)\s+)?"
    r"(?:picture|image|drawing|painting|illustration|sketch|photo|scene)"
)
_WHOLE = rf"(?:it|this|that|them|everything|him|her|all of (?:it|them)|the whole thing|{NAMED})"
_DET = r"(?:the|its|his|her|their|both|all(?: the)?|each|every|one|two|three|one of the|two of the)"
_CHANGE = (
    r"(?:make|turn|(?:re)?paint|(?:re)?colou?r|render|(?:re)?draw|sketch|change|set|show|put|move"
    r"|place|let|have|rotate|flip|mirror|give|try)"
)
_LIKE = r"i(?:'d| would) (?:like|love|prefer)"
_ASIDE = re.compile(
    r"(?:please|now|and|but|then|so|ok|okay|well|hey|hm+|oh|also|just|maybe|perhaps|plus"
    r"|can you|could you|would you|will you|can (?:we|i)|could (?:we|i)|i think|let's"
    r"|let us|you could|you can|i want you to|i would like you to|i'd like you to|go ahead and"
    r"|try to"
    r"|(?:no|yes|yeah|nice|great|cool|good|perfect|lovely|beautiful|wow|thanks|thank you)(?=[,.!]))"
    r"\b[,.!]*\s+"
)
_AFTERTHOUGHT = re.compile(
    r"(?:,?\s+(?:please|instead|again|too|as well|for me|now|thanks|thank you|though|then))+$"
)
_MODAL = r"(?:should|needs?|has to|ought to|could (?:be|use|have))"
_SHOW = r"(?:be|have|look|wear|hold)"
_IN = r"(?:at|in|on|with|without|under|during|against|beside|near)"
_GROWN = (
    r"(?:bigger|smaller|larger|darker|brighter|lighter|warmer|colder|closer|taller|wider"
    r"|further away)"
)
_LOOKS = (
    r"(?:water ?colou?rs?|pixel art|oil painting|black and white|night|winter|summer|autumn|sunset"
    r"|sunrise)"
)
_FORMS = {
    "whole": (
        rf"(?:{_CHANGE}|do)\s+(?:me\s+)?{_WHOLE}\b(?!:)(?P<rest>.+)",
        r"turn\s+(?P<rest>(?!it|this|that)\w+ (?:in)?to\s.+)",
    ),
    "drawn": (r"(?:draw|paint|sketch|show)\s+(?:me\s+)?(?:the|its|his|her)\s+(?P<rest>.+)",),
    "thing": (rf"{_CHANGE}\s+{_DET}\s+(?P<rest>.+)",),
    "zoom": (r"(?P<rest>(?:zoom|move)\s+(?:in|out|closer)\b.*)",),
    "add": (
        r"(?:add|include|insert|put in)\s+(?P<rest>.+)",
        r"(?:put|place)\s+(?P<rest>(?:an?|some|two|three)\s.+)",
        r"(?:make|put|show|place)\s+(?P<rest>(?:more|fewer|less)\s.+)",
    ),
    "remove": (
        r"(?:remove|delete|erase|take (?:away|out)|get rid of|(?:cut|leave) out)\s+(?P<rest>.+)",
    ),
    "hide": (r"(?:drop|hide|lose|forget|take|clear)\s+(?P<rest>.+)",),
    "replace": (r"(?:replace|swap|exchange|substitute|switch)\s+(?P<rest>.+)",),
    "use": (r"use\s+(?P<rest>.+)",),
    "plain": (r"(?:make|turn|(?:re)?paint|(?:re)?colou?r)\s+(?P<rest>\w+\s.+)",),
    "wanted": (
        rf"(?:(?:{_WHOLE}|there)\s+)?(?P<rest>{_MODAL}\b.+)",
        r"what if it (?:was|were|is)\s+(?P<rest>.+)",
        r"(?:how|what) would it look(?: like)?\s+(?P<rest>.+)",
        rf"(?:can|could)\s+it\s+(?P<rest>{_SHOW}\b.+)",
    ),
    "bare": (
        rf"(?:try\s+)?(?P<rest>(?:{_IN}|no|less|fewer|more|another|one more|only)\s.+)",
        r"(?P<rest>(?:\w+\s+){1,3}instead of\s.+)",
        rf"(?P<rest>(?:(?:much|a bit|a little|even|slightly|way)\s+)?{_GROWN}\b.*)",
        rf"(?:i want|{_LIKE})\s+(?P<rest>(?:{_WHOLE}|more|fewer)\s.+)",
        r"(?:the )?same(?: picture| scene| thing| one)?,?(?: but)?\s+(?P<rest>(?!for\b|to\b).+)",
        rf"(?:what|how) about\s+(?P<rest>(?:as|more|{_IN})\s.+)",
        r"how about\s+(?P<rest>an?\s.+)",
    ),
    "stated": (
        rf"(?P<rest>(?:the|its|his|her|their)\s+\w+(?:\s+\w+)?\s+{_MODAL}\b.+)",
        rf"(?:can|could)\s+(?P<rest>(?:the|its|his|her)\s+\w+\s+{_SHOW}\b.+)",
        rf"(?:i want|{_LIKE})\s+(?P<rest>the\s.+)",
    ),
    "scene": (rf"(?P<rest>{_LOOKS}\b.*)",),
    "style": (r"(?P<rest>(?:as|like|from|by|in the style of)\s.+)",),
}
"""By what is done; the first that fits a text is its form."""
_READY = tuple((name, re.compile(form)) for name, forms in _FORMS.items() for form in forms)
_JOINED = re.compile(r"(?:now|and|but|plus)\s+(?P<rest>(?:an?|some|two|three|four|five|many)\s.+)")
_ASKED = re.compile(
    r".*\b(?:please|(?:can|could) (?:you|we|i|it|the)|(?:would|will) you|(?:what|how) about"
    r"|what if it|would it look)\b|(?:make|add|remove|turn|change|replace)\b"
)


def form_of(text: str) -> tuple[str, str] | None:
    """The form in which a text would change a picture, and what it says then; None for others."""
    if len(text) > LONGEST:
        return None
    plain = _plain(text)
    if text.rstrip().endswith("?") and not _ASKED.match(text.strip().lower()):
        return None
    for name, form in _READY:
        if match := form.fullmatch(plain):
            return name, match["rest"]
    joined = _JOINED.fullmatch(_AFTERTHOUGHT.sub("", _lower(text)))
    return ("bare", joined["rest"]) if joined else None


def _lower(text: str) -> str:
    return " ".join(text.lower().replace("\u2019", "'").split()).strip(" .!?")


def _plain(text: str) -> str:
    """The same without what they end with, too."""
    return _AFTERTHOUGHT.sub("", without_asides(text))


def without_asides(text: str) -> str:
    """The words in lower case, without what people begin with: "ok, could you ..."."""
    plain = _lower(text)
    while polite := _ASIDE.match(plain):
        plain = plain[polite.end() :]
    return plain
