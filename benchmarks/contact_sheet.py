"""Contact sheets of the built-in illustrator: what it draws for many prompts, to be looked at.

python -m benchmarks.contact_sheet OUT.png                 48 prompts in several styles
python -m benchmarks.contact_sheet OUT.png --refinements   8 pictures, each refined five times
python -m benchmarks.contact_sheet OUT.png "a prompt" ...  the given ones
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from chatsite.backend.illustrator.composition import compose
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.language.refinement import refine
from chatsite.backend.illustrator.painting.picture import render
from chatsite.backend.illustrator.scene import Scene

PROMPTS = (
    "a red fox sitting under a big full moon beside a lake, watercolor",
    "three sailboats on the sea at sunset",
    "a lighthouse on a cliff in a storm, oil painting",
    "a small house with a red roof in the snow at night",
    "an astronaut riding a horse on the moon",
    "a black cat sleeping on a sofa beside a lamp",
    "a hot air balloon above the mountains at dawn",
    "a green dragon breathing fire in front of a castle",
    "two giraffes and an elephant in the savanna at sunset",
    "a city street in the rain at night, neon",
    "a bowl of fruit on a table, oil painting",
    "a robot watering flowers in a garden",
    "a wizard in a forest with glowing mushrooms",
    "a blue whale under water with many fish",
    "a penguin with a red scarf on an iceberg",
    "a steam train crossing a stone bridge, vintage sepia photo",
    "a pine forest in the fog, ink drawing",
    "a vase of sunflowers on a table, stained glass",
    "a girl with a red balloon on a beach",
    "a knight and a dragon, pixel art",
    "the Eiffel tower at night with fireworks",
    "a panda eating in a bamboo jungle, papercut",
    "a rocket flying past a ringed planet in space",
    "an old man reading a book on a bench in an autumn park",
    "a red sports car in the desert, flat poster",
    "a unicorn under a rainbow in a meadow",
    "a pirate ship on a stormy sea",
    "a cup of coffee and a croissant on a wooden table",
    "an owl on a branch in front of the full moon, pencil sketch",
    "a white swan on a lake, watercolor",
    "a windmill in a field of tulips",
    "a yellow submarine with an octopus",
    "a cowboy in the desert at dusk",
    "a blueprint of a bicycle",
    "a chocolate birthday cake with candles",
    "a lion portrait, vivid",
    "a snowman and two children in a village in winter",
    "a camel beside a pyramid under a blazing sun",
    "a tiger in the jungle",
    "a butterfly on a purple flower, close-up",
    "an angry red bird in a cherry tree",
    "a lonely tree on a hill under the stars, oil painting",
    "a king on a golden throne",
    "a ufo above a farm with three cows at night",
    "a guitar on a stage",
    "a family of ducks on a pond",
    "a volcano beside the sea at night",
    "a pink heart",
)

CHAINS: tuple[tuple[str, ...], ...] = (
    (
        "a fox beside a lake",
        "make it night",
        "add two boats",
        "make the fox bigger and blue",
        "as pixel art",
        "same but in winter, natural style",
    ),
    (
        "a house in a meadow",
        "add a tree beside the house",
        "make it autumn",
        "add a cow in front of the house",
        "make the house red",
        "make it rain",
    ),
    (
        "a sailboat on the sea",
        "make it sunset",
        "add a whale",
        "remove the sailboat",
        "two more whales",
        "as a watercolor",
    ),
    (
        "a cat on a sofa",
        "replace the cat with a dog",
        "add a lamp beside the sofa",
        "make the sofa green",
        "put a hat on the dog",
        "as an oil painting",
    ),
    (
        "a castle on a hill",
        "add a dragon",
        "make the dragon bigger",
        "make it night",
        "add a full moon",
        "as stained glass",
    ),
    (
        "two children on a beach",
        "add a sandcastle",
        "add a red umbrella",
        "make it sunset",
        "move the umbrella to the left",
        "as a poster",
    ),
    (
        "a robot in a city",
        "make it night",
        "make the robot red",
        "add a taxi",
        "make it rain",
        "neon style",
    ),
    (
        "an apple on a table",
        "add two pears",
        "make the apple green",
        "add a candle behind the apple",
        "remove the pears",
        "as a pencil drawing",
    ),
)


def scene_of(prompt: str, seed: int, size: int) -> Scene:
    """The composed scene of a prompt."""
    return compose(read(prompt, width=size, height=size, seed=seed))


def chain(lines: Sequence[str], seed: int, size: int) -> list[Scene]:
    """The scene of the first line and, one after another, of each refinement."""
    scenes = [scene_of(lines[0], seed, size)]
    for line in lines[1:]:
        scenes.append(compose(refine(scenes[-1], line)))
    return scenes


def sheet(tiles: Sequence[tuple[str, Scene]], columns: int, cell: int) -> Image.Image:
    """The painted scenes in rows, the words under each."""
    strip = 24
    rows = -(-len(tiles) // columns)
    whole = Image.new("RGB", (columns * (cell + 6) + 6, rows * (cell + strip + 6) + 6), "#f4f2ee")
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(11)
    for index, (words, scene) in enumerate(tiles):
        x = 6 + index % columns * (cell + 6)
        y = 6 + index // columns * (cell + strip + 6)
        whole.paste(render(scene).resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        shown = words
        while draw.textlength(shown, font=font) > cell:
            shown = shown[:-2] + "…"
        draw.text((x, y + cell + 4), shown, fill="#3a3833", font=font)
    return whole


def save(whole: Image.Image, path: Path) -> None:
    """A PNG of 256 colours keeps a sheet small; other names are saved as they are."""
    if path.suffix.lower() == ".png":
        whole = whole.quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    whole.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("prompts", nargs="*")
    parser.add_argument("--refinements", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--cell", type=int, default=220)
    options = parser.parse_args()
    if options.refinements:
        tiles = [
            (words, scene)
            for lines in CHAINS
            for words, scene in zip(lines, chain(lines, options.seed, options.size), strict=True)
        ]
        save(sheet(tiles, 6, options.cell), options.out)
        return
    prompts = options.prompts or PROMPTS
    tiles = [(words, scene_of(words, options.seed, options.size)) for words in prompts]
    save(sheet(tiles, min(6, len(tiles)), options.cell), options.out)


if __name__ == "__main__":
    main()
