"""What is seen between the lips: teeth, tongue, gums and the dark behind them.

The upper teeth belong to the skull and stay where they are; tongue and lower teeth go with the jaw. Where the
picture shows a toothy smile, its own teeth are kept where they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.talking.drawing.geometry import GRID_U, MouthGeometry
from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.drawing.lips import MouthShape
from worker.engines.talking.drawing.palette import Palette
from worker.engines.talking.numerics.arrays import Floats, Image, floats, smoothstep, to_image

#: From this opening on, the picture's own inside is kept.
OWN_OPENING = 0.24

#: The upper teeth end this far below the closed lips' middle; towards the sides their row bends by this share
#: of the lips' own bend, and up by the lift.
TEETH_LENGTH, TEETH_BEND, TEETH_LIFT = 0.085, 0.75, 0.07
#: Rounded lips cover the teeth, spread ones bare them: by so much of their length, and of their strength.
ROUND_COVER, SPREAD_BARE, ROUND_VEIL = 0.11, 0.03, 0.55
TEETH_STRENGTH, TEETH_EDGE_PX, GUM_SHADE = 0.95, 1.6, 0.55
#: The row recedes into the dark at this |u|, by this power.
ARCH_END, ARCH_POWER = 0.86, 2.4
#: Where two teeth meet; how wide and dark that is, and how much shorter they are there.
TEETH_GAPS = (0.0, 0.19, -0.19, 0.36, -0.36, 0.50, -0.50, 0.62, -0.62)
GAP_WIDTH, GAP_DARKNESS, GAP_RISE = 0.022, 0.08, 0.022
#: The upper lip's shadow on the teeth: their brightness right below it, and where it ends.
SHADOW_BRIGHTNESS, SHADOW_REACH = 0.66, 0.14
OWN_SHADOW_BRIGHTNESS, OWN_SHADOW_SPAN = 0.70, (-0.02, 0.08)
#: So much of the picture's own teeth shows under lips that aren't pursed, and that wholly are; how softly it
#: ends, and how much less they shine then.
OWN_SHOWN, OWN_PURSED_SHOWN, OWN_SHOWN_EDGE, OWN_PURSED_SHADE = 0.60, 0.03, 0.06, 0.22

#: The lower teeth show from the first aperture on, whole by the second; earlier in spread mouths.
LOWER_TEETH_APERTURES, SPREAD_APERTURES = (0.22, 0.42), (0.06, 0.16)
LOWER_TEETH_STRENGTH, SPREAD_TEETH_STRENGTH, LOWER_TEETH_BRIGHTNESS = 0.42, 0.45, 0.62
#: They rise so far above the lower lip, softly.
LOWER_TEETH_SPAN, LOWER_TEETH_BEND = (0.16, 0.12), 0.03

#: The tongue: how far it sinks with the aperture, rises to the gum, its half width and its half height.
TONGUE_SINK, TONGUE_RISE, TONGUE_WIDTH = 0.70, 0.16, 0.62
TONGUE_HEIGHT, TONGUE_OPENING, TONGUE_RAISED, TONGUE_MAX_APERTURE = 0.16, 0.30, 0.08, 0.6
TONGUE_STRENGTH, TONGUE_EDGE, TONGUE_BULGE = 0.9, (1.25, 0.35), 0.28
#: Upper teeth and lower lip shade it: its brightness right at them, and how far from them it is lit.
TONGUE_SHADE, TONGUE_BELOW_UPPER, TONGUE_ABOVE_LOWER = 0.35, 0.55, 0.22

#: The floor of the mouth shows up to this far above the lower lip, this strongly.
FLOOR_REACH, FLOOR_STRENGTH = 0.55, 0.55
#: The wet inner rims of the lips: reach, strength, brightness.
LOWER_RIM, UPPER_RIM = (0.08, 0.8, 1.0), (0.05, 0.45, 0.72)

#: The drawing is softened by this share of the half mouth width, and at least by so many pixels.
BLUR, MIN_BLUR_PX = 0.012, 0.6
#: The picture's own inside is taken from so far below its upper lip on, and goes on upward as it is there;
#: it ends so far above its lower lip, softly over so many pixels.
OWN_INSET, OWN_LOWER_INSET, OWN_EDGE_PX = 0.07, 0.03, 1.6


class Glaze:
    """Layers of paint from the front to the back: each is seen through those before it."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._through = np.ones(shape, np.float32)
        self._weights: list[Floats] = []
        self._colours: list[Floats] = []
        self._painted: Floats | None = None

    def lay(self, opacity: Floats, colour: Floats, brightness: float | Floats = 1.0) -> None:
        """A layer of one colour (3,); `opacity` from 0 to 1."""
        seen = opacity * self._through
        self._through -= seen
        self._weights.append(floats(seen * brightness))
        self._colours.append(colour)

    def lay_picture(self, opacity: Floats, picture: Image, brightness: Floats) -> None:
        """A layer whose colours are the picture's; one at most."""
        seen = opacity * self._through
        self._through -= seen
        self._painted = picture * (seen * brightness)[..., None]

    def finished(self, back: Floats) -> Floats:
        """(H, W, 3): all layers before a back of one colour."""
        weights = np.stack([*self._weights, self._through], axis=-1)
        image = weights @ np.stack([*self._colours, back])
        return floats(image if self._painted is None else image + self._painted)


@dataclass(frozen=True)
class Depths:
    """How far pixels are below the upper and above the lower lip's edge: (H, W), in half mouth widths."""

    below_upper: Floats
    above_lower: Floats

    def part(self, box: Box) -> Depths:
        return Depths(self.below_upper[box.slices], self.above_lower[box.slices])


@dataclass(frozen=True)
class _Opening:
    """The pixels to paint: where they are in the interior's arrays, and how deep."""

    window: tuple[slice, slice]
    below_upper: Floats
    above_lower: Floats


class Interior:
    """The inside of one mouth, ready to be painted for any shape."""

    def __init__(self, picture: Image, mouth: MouthGeometry, colours: Palette, box: Box) -> None:
        """`box` is the part of the picture in which it may be painted."""
        self._box = box
        self._colours = colours
        self._unit_px = mouth.frame.unit_px
        self._u, self._v = mouth.frame.pixels(box)
        self._keeps_own = mouth.opening > OWN_OPENING
        self._bend, _, self._middle = (float(c) for c in _parabola(mouth.closed))
        self._arch = floats(np.clip(1 - (np.abs(self._u) / ARCH_END) ** ARCH_POWER, 0, 1))
        self._gaps = np.clip(_teeth_gaps(self._u), 0, 1)
        self._lit = floats(1 - GAP_DARKNESS * self._gaps)
        self._own, self._own_opacity = self._own_inside(picture, mouth)

    def paint(self, box: Box, depths: Depths, shape: MouthShape) -> Floats:
        """(H, W, 3): the pixels of a box of the picture, for which `depths` are."""
        inside = (np.maximum(depth, 0) for depth in (depths.below_upper, depths.above_lower))
        opening = _Opening(box.within(self._box).slices, *inside)
        glaze = Glaze(opening.below_upper.shape)
        self._lay_rims(glaze, opening)
        if self._keeps_own:
            self._lay_own(glaze, opening, shape)
        else:
            self._lay_upper_teeth(glaze, opening, shape)
        self._lay_lower_teeth(glaze, opening, shape)
        self._lay_tongue(glaze, opening, shape)
        self._lay_floor(glaze, opening)
        blur_px = max(MIN_BLUR_PX, BLUR * self._unit_px)
        return floats(cv2.GaussianBlur(glaze.finished(self._colours.cavity), (0, 0), blur_px))

    def _lay_rims(self, glaze: Glaze, opening: _Opening) -> None:
        for depth, (reach, strength, brightness) in (
            (opening.below_upper, UPPER_RIM),
            (opening.above_lower, LOWER_RIM),
        ):
            near = np.clip(1 - depth / reach, 0, 1)
            glaze.lay(floats(strength * near * np.sqrt(near)), self._colours.rim, brightness)

    def _lay_own(self, glaze: Glaze, opening: _Opening, shape: MouthShape) -> None:
        shade = smoothstep(*OWN_SHADOW_SPAN, opening.below_upper)
        brightness = OWN_SHADOW_BRIGHTNESS + (1 - OWN_SHADOW_BRIGHTNESS) * shade
        brightness = floats(brightness * (1 - OWN_PURSED_SHADE * shape.pursing))
        opacity = self._own_opacity[opening.window]
        if shape.pursing:
            shown = OWN_SHOWN + (OWN_PURSED_SHOWN - OWN_SHOWN) * shape.pursing
            opacity = opacity * smoothstep(shown + OWN_SHOWN_EDGE, shown, opening.below_upper)
        glaze.lay_picture(floats(opacity), self._own[opening.window], brightness)

    def _lay_upper_teeth(self, glaze: Glaze, opening: _Opening, shape: MouthShape) -> None:
        u, v, arch = self._u[opening.window], self._v[opening.window], self._arch[opening.window]
        length = TEETH_LENGTH - ROUND_COVER * shape.rounding + SPREAD_BARE * shape.spreading
        end = self._middle + length + (TEETH_BEND * self._bend - TEETH_LIFT) * u * u
        end = end - GAP_RISE * self._gaps[opening.window]
        row = np.clip(0.5 + (end - v) * (self._unit_px / TEETH_EDGE_PX), 0, 1) * np.clip(4 * arch, 0, 1)
        lit = SHADOW_BRIGHTNESS + (1 - SHADOW_BRIGHTNESS) * smoothstep(0, SHADOW_REACH, opening.below_upper)
        opacity = floats(TEETH_STRENGTH * (1 - ROUND_VEIL * shape.rounding) * row)
        glaze.lay(floats(opacity * arch), self._colours.teeth, lit * self._lit[opening.window])
        glaze.lay(opacity, self._colours.gum, GUM_SHADE + (1 - GUM_SHADE) * lit)

    def _lay_lower_teeth(self, glaze: Glaze, opening: _Opening, shape: MouthShape) -> None:
        wide = float(smoothstep(*LOWER_TEETH_APERTURES, shape.aperture))
        spread = shape.spreading * float(smoothstep(*SPREAD_APERTURES, shape.aperture))
        strength = LOWER_TEETH_STRENGTH * wide + SPREAD_TEETH_STRENGTH * spread * (1 - wide)
        strength *= 1 - ROUND_VEIL * shape.rounding
        if strength < 0.01:
            return
        u = self._u[opening.window]
        row = smoothstep(*LOWER_TEETH_SPAN, floats(opening.above_lower - LOWER_TEETH_BEND * u * u))
        opacity = row * self._arch[opening.window] * strength
        glaze.lay(floats(opacity), self._colours.teeth, LOWER_TEETH_BRIGHTNESS * self._lit[opening.window])

    def _lay_tongue(self, glaze: Glaze, opening: _Opening, shape: MouthShape) -> None:
        u, v = self._u[opening.window], self._v[opening.window]
        raised = shape.tongue * min(1.0, 3 * shape.aperture)
        middle = self._middle + TONGUE_SINK * shape.aperture - TONGUE_RISE * raised
        height = TONGUE_HEIGHT + TONGUE_OPENING * min(shape.aperture, TONGUE_MAX_APERTURE)
        height += TONGUE_RAISED * shape.tongue
        distance = floats((u / TONGUE_WIDTH) ** 2 + ((v - middle) / height) ** 2)
        bulge = 1 - TONGUE_BULGE + TONGUE_BULGE * smoothstep(1, 0.1, distance)
        lit = smoothstep(0, TONGUE_BELOW_UPPER * (1 - 0.8 * raised), opening.below_upper)
        lit = lit * smoothstep(0, TONGUE_ABOVE_LOWER, opening.above_lower)
        brightness = floats(bulge * (TONGUE_SHADE + (1 - TONGUE_SHADE) * lit))
        glaze.lay(TONGUE_STRENGTH * smoothstep(*TONGUE_EDGE, distance), self._colours.tongue, brightness)

    def _lay_floor(self, glaze: Glaze, opening: _Opening) -> None:
        u = self._u[opening.window]
        near = smoothstep(FLOOR_REACH, 0, opening.above_lower)
        glaze.lay(floats(FLOOR_STRENGTH * near * np.clip(1 - u * u, 0, 1)), self._colours.gum)

    def _own_inside(self, picture: Image, mouth: MouthGeometry) -> tuple[Image, Floats]:
        """What the picture shows between its lips, carried on upward, and how far it counts."""
        upper, lower = (floats(np.interp(self._u, GRID_U, edge)) for edge in (mouth.upper, mouth.lower))
        own = mouth.frame.sample(picture, self._u, np.maximum(self._v, upper + OWN_INSET))
        above_end = lower - OWN_LOWER_INSET - self._v
        return to_image(own), floats(np.clip(0.5 + above_end * (self._unit_px / OWN_EDGE_PX), 0, 1))


def _parabola(curve: Floats) -> Floats:
    middle = np.abs(GRID_U) < 0.9
    return floats(np.polyfit(GRID_U[middle], curve[middle], 2))


def _teeth_gaps(u: Floats) -> Floats:
    return floats(sum(np.exp(-(((u - gap) / GAP_WIDTH) ** 2)) for gap in TEETH_GAPS))
