"""Where a setting has sky, water and ground: composition puts things there, painting fills it."""

from __future__ import annotations

from dataclasses import dataclass

from chatsite.backend.illustrator.scene import INDOORS, Scene


@dataclass(frozen=True, slots=True)
class Stage:
    """Heights in 0..1 from the top of the picture.

    `horizon` is where land or sea ends (indoors: where the wall meets the floor); `ground` and
    `water` are bands (far edge, near edge) or None where there is nothing to stand on or to
    float in. `open` settings have neither up nor down: things float anywhere.
    """

    horizon: float
    ground: tuple[float, float] | None
    water: tuple[float, float] | None = None
    indoor: bool = False
    open: bool = False


_FLOORS = {
    "plain": (0.64, None),
    "meadow": (0.58, None),
    "forest": (0.56, None),
    "jungle": (0.56, None),
    "beach": (0.46, (0.46, 0.68)),
    "sea": (0.5, (0.5, 1.0)),
    "lake": (0.5, (0.52, 0.76)),
    "river": (0.5, (0.6, 0.76)),
    "mountains": (0.6, None),
    "desert": (0.56, None),
    "city": (0.66, None),
    "street": (0.62, None),
    "village": (0.56, None),
    "garden": (0.56, None),
    "farm": (0.54, None),
    "park": (0.56, None),
    "snowfield": (0.56, None),
    "swamp": (0.52, (0.6, 0.8)),
    "cave": (0.64, None),
    "moonscape": (0.58, None),
}


def stage_of(scene: Scene) -> Stage:
    """The bands of a scene's setting, moved by the camera."""
    if scene.setting in INDOORS:
        return Stage(horizon=0.66, ground=(0.7, 0.95), indoor=True)
    if scene.setting == "space":
        return Stage(horizon=1.0, ground=None, open=True)
    if scene.setting == "sky":
        return Stage(horizon=0.98, ground=None, open=True)
    if scene.setting == "underwater":
        return Stage(horizon=0.84, ground=(0.86, 0.97), water=(0.08, 0.84))
    horizon, water = _FLOORS.get(scene.setting, _FLOORS["plain"])
    move = {"above": -0.22, "below": 0.14}.get(scene.camera or "", 0.0)
    horizon = min(0.8, horizon + move)
    if water is not None:
        water = (water[0] + move, min(1.0, water[1] + move * 0.6))
    if scene.setting == "sea":
        return Stage(horizon=horizon, ground=None, water=(horizon, 1.0))
    far = horizon + 0.035 if water is None else water[1] + 0.03
    return Stage(horizon=horizon, ground=(min(far, 0.9), 0.96), water=water)
