"""Prompts and the whole scenes that they mean."""

from __future__ import annotations

import pytest

from chatsite.backend.illustrator.colors import named, toned
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.scene import Part, Relation, Scene, Subject


def brief(prompt):
    """Subjects as (count, colour, kind, traits), and how they stand."""
    scene = read(prompt)
    kinds = {s.id: s.kind for s in scene.subjects}
    subjects = [(s.count, s.color_name, s.kind, s.traits) for s in scene.subjects]
    relations = [
        (s.kind, s.relation.kind, *[kinds[target] for target in s.relation.targets])
        for s in scene.subjects
        if s.relation is not None
    ]
    return subjects, relations


def relations(prompt):
    return brief(prompt)[1]


def test_the_scene_of_a_whole_prompt():
    prompt = "a red fox sitting under a big full moon beside a lake, watercolor"
    assert read(prompt, width=512, height=256, seed=9) == Scene(
        subjects=(
            Subject(id=1, kind="fox", traits=("sitting",), relation=Relation("under", (2,))),
            Subject(id=2, kind="moon", size=1.5, traits=("full",)),
        ),
        setting="lake",
        time="night",
        style="watercolor",
        width=512,
        height=256,
        seed=9,
        next_id=3,
    )


def test_snow_is_weather_and_no_colour():
    scene = read("a fox in the snow")
    assert (scene.subjects[0].kind, scene.subjects[0].color) == ("fox", None)
    assert "snow" in scene.weather


def test_the_same_prompt_is_always_the_same_scene():
    prompt = "two grey wolves and an axolotl in a snowy forest, no moon"
    assert read(prompt, seed=3) == read(prompt, seed=3)


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("a teal and a maroon scooter", [(1, "teal", "motorcycle"), (1, "maroon", "motorcycle")]),
        ("four green and two gold kites", [(4, "green", "kite"), (2, "gold", "kite")]),
        ("two gnomes, one red and one blue", [(1, "blue", "elf"), (1, "red", "elf")]),
        ("a pair of geese", [(2, None, "goose")]),
        ("several donkeys", [(4, None, "donkey")]),
        ("one of your donkeys", [(1, None, "donkey")]),
        ("a couple of the donkeys", [(2, None, "donkey")]),
        ("a herd of zebras", [(7, None, "zebra")]),
        ("a dozen eggs", [(12, None, "egg")]),
        ("15 snails", [(15, None, "snail")]),
        ("99 balloons", [(40, None, "balloon")]),
        ("robins", [(3, None, "robin")]),
        ("sheep", [(3, None, "sheep")]),
        ("a sheep", [(1, None, "sheep")]),
        ("scissors", [(1, None, "scissors")]),
        ("an orange orange", [(1, "orange", "orange")]),
        ("a rose rose beside an orange", [(1, "rose", "rose"), (1, None, "orange")]),
        ("a spruce tree and a koi fish", [(1, None, "pine"), (1, None, "goldfish")]),
    ],
)
def test_counts_and_colours(prompt, subjects):
    assert [entry[:3] for entry in brief(prompt)[0]] == subjects


def test_two_colours_and_shades():
    (tent,) = read("a red and white striped tent").subjects
    assert (tent.color_name, tent.second_color_name, tent.traits) == ("red", "white", ("striped",))
    (rose,) = read("a pale pink rose").subjects
    assert (rose.color, rose.color_name) == (toned(named()["pink"], 0.5, -0.1), "pale pink")
    (horse,) = read("a dark horse").subjects
    assert horse.color_name == "dark"
    assert horse.color is not None


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "a parrot on a chest under a palm tree beside a tent",
            [
                ("parrot", "on", "treasure chest"),
                ("treasure chest", "under", "palm"),
                ("palm", "beside", "tent"),
            ],
        ),
        ("an owl and a crow on a fence", [("owl", "on", "fence"), ("crow", "on", "fence")]),
        ("a bench between two oaks", [("bench", "between", "tree")]),
        (
            "a bench between an oak and a well",
            [("bench", "between", "tree", "well")],
        ),
        ("on a sofa sleeps a hamster", [("hamster", "on", "sofa")]),
        ("a hiker to the left of a tram", [("person", "left_of", "tram")]),
        ("a boy holding a kite", [("kite", "held_by", "boy")]),
        ("a knight riding a camel", [("knight", "on", "camel")]),
        ("a basket full of pears", [("pear", "inside", "basket")]),
        ("a rug with a pumpkin", [("pumpkin", "on", "rug")]),
        ("a pirate with a monkey on his shoulder", [("monkey", "on", "pirate")]),
        ("a dog with a bone in its mouth", [("skull", "held_by", "dog")]),
        ("a sleigh pulled by three horses", [("horse", "in_front_of", "sled")]),
        ("a castle surrounded by trees", [("tree", "around", "castle")]),
        ("a goat. A hen stands behind the goat", [("chicken", "behind", "goat")]),
        ("a queen and a dragon behind her", [("dragon", "behind", "queen")]),
        ("a hut with a well behind it", [("well", "behind", "cabin")]),
        ("a sled with parcels in its basket", [("box", "inside", "basket")]),
        ("a seal under the moon beside a tent", [("seal", "under", "moon")]),
        ("a monk watching a comet", [("monk", "under", "comet")]),
        ("a monk eating a pear", [("pear", "held_by", "monk")]),
        ("a monk playing a flute and a hen", [("saxophone", "held_by", "monk")]),
        ("boats with crows above", []),
        ("a knight fights a giant", [("knight", "beside", "giant")]),
        ("a monk picks a rose", [("monk", "beside", "rose")]),
        ("a monk and a nun are building a hut", [("monk", "beside", "cabin")] * 2),
    ],
)
def test_relations(prompt, expected):
    assert relations(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a barn with a green roof", (Part("roof", named()["green"], "green"),)),
        (
            "a barn with a green roof and a white door",
            (
                Part("roof", named()["green"], "green"),
                Part("door", named()["white"], "white"),
            ),
        ),
        ("a green-roofed barn", (Part("roof", named()["green"], "green"),)),
        ("a wolf wearing a scarf and a crown", (Part("scarf"), Part("crown"))),
        ("a wolf in a black coat", (Part("jacket", named()["black"], "black"),)),
        ("a monster with five eyes", (Part("eye", count=5),)),
        ("a cake with six candles", (Part("candle", count=6),)),
    ],
)
def test_parts_and_clothes(prompt, parts):
    (subject,) = read(prompt).subjects
    assert subject.parts == parts


@pytest.mark.parametrize(
    ("prompt", "field", "value"),
    [
        ("a goat at dusk", "time", "dusk"),
        ("a goat on an autumn morning", "season", "autumn"),
        ("a goat on an autumn morning", "time", "dawn"),
        ("a goat in a blizzard", "weather", ("snow",)),
        ("a foggy, stormy harbour", "weather", ("fog", "storm")),
        ("oil painting of a goat", "style", "oil"),
        ("a goat in the style of stained glass", "style", "stained_glass"),
        ("a goat as an 8-bit sprite", "style", "pixel"),
        ("aerial view of a farm", "camera", "above"),
        ("macro shot of a bee", "camera", "close-up"),
        ("a goat in pastel colours", "palette", ("pastel",)),
        ("a goat in green tones", "palette", ("green",)),
        ("a spooky mansion", "mood", "scary"),
        ("a goat by candlelight", "light", "candlelight"),
        ("the desert", "setting", "desert"),
        ("a goat inside a cave", "setting", "cave"),
        ("a goat with mountains in the background", "setting", "mountains"),
        ("goats", "setting", "mountains"),
        ("a vase of roses", "setting", "room"),
        ("a kitten under the moon", "setting", "meadow"),
        ("a kitten on a sofa by a window, a moon", "setting", "room"),
        ("a comet", "time", "night"),
        ("a meadow without cows or trees", "absent", ("cow", "tree")),
        ("a beach, no people", "absent", ("person",)),
        ("a street, not raining", "absent", ("rain",)),
        ("a hornless goat", "absent", ("horn",)),
    ],
)
def test_what_is_said_of_the_whole(prompt, field, value):
    assert getattr(read(prompt), field) == value


def test_the_style_that_was_chosen_is_for_prompts_that_name_none():
    assert read("a goat", style="vivid").style == "vivid"
    assert read("a goat in charcoal", style="vivid").style == "pencil"


def test_a_second_place_stands_in_the_first():
    scene = read("a farm near a river")
    assert scene.setting == "farm"
    assert [(s.kind, s.place) for s in scene.subjects] == [("stream", "background")]


@pytest.mark.parametrize(
    ("prompt", "places"),
    [
        ("a star in the top right corner", ["top right"]),
        ("a cow on the left and a pig on the right", ["left", "right"]),
        ("in the foreground, a snail", ["foreground"]),
        ("a biplane in the sky", ["sky"]),
    ],
)
def test_places(prompt, places):
    assert [s.place for s in read(prompt).subjects] == places


def test_nothing_is_passed_over_in_silence():
    scene = read("a wombat and a thingamajig with a frobnicator")
    assert [s.kind for s in scene.subjects] == ["kangaroo"]
    assert scene.substituted == (("wombat", "kangaroo"),)
    assert scene.ignored == ("thingamajig", "frobnicator")
    assert read("a sleeping car").ignored == ("sleeping",)
    assert read("an apple pie").substituted == (("apple pie", "pie"),)


def test_the_end_of_a_very_long_prompt_is_named():
    scene = read("a crow. " * 133 + "and a fox in a forest at night")
    assert len(scene.subjects) == 133
    assert scene.ignored == ("a fox in a forest\u2026",)


def test_politeness_asks_for_nothing():
    scene = read("Please draw me a really beautiful, highly detailed picture of a llama, thanks!")
    assert [s.kind for s in scene.subjects] == ["llama"]
    assert scene.ignored == ()


@pytest.mark.parametrize(
    "prompt", ["", "   ", ",,,", "and", "of the", "'s", "with", "no", "\u2603"]
)
def test_any_text_is_a_scene(prompt):
    assert read(prompt).subjects == ()


def test_a_family_is_of_the_same_kind():
    scene = read("a lioness and her two cubs")
    assert [(s.count, s.kind, s.size, s.traits) for s in scene.subjects] == [
        (1, "lioness", 1.0, ()),
        (2, "lioness", 0.6, ("baby",)),
    ]


def test_young_ones_statues_and_worlds():
    assert brief("a leopard cub")[0] == [(1, None, "leopard", ("baby",))]
    assert brief("a bear with two cubs")[0] == [(1, None, "bear", ()), (2, None, "bear", ("baby",))]
    assert brief("a statue of an owl")[0] == [(1, None, "owl", ("stone",))]
    assert (read("a robot on mars").setting, len(read("a robot on mars").subjects)) == (
        "moonscape",
        1,
    )
    assert brief("a field of pumpkins")[0] == [(8, None, "pumpkin", ())]
    assert brief("a glass of milk")[0] == [(1, None, "glass", ())]


def test_the_dog_after_a_dog_is_the_same_dog():
    subjects, standing = brief("a dog and a cat. The dog is brown and the cat is behind the dog")
    assert [entry[:3] for entry in subjects] == [(1, "brown", "dog"), (1, None, "cat")]
    assert standing == [("cat", "behind", "dog")]
