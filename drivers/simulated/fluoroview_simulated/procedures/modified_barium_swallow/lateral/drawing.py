"""A canvas in millimetres on which organs are laid down as path lengths, not as outlines.

A shape is a smooth closed curve at some depth; what it adds to a map is the length of the ray
inside it: a rounded profile that grows from the edge inwards. Bone is a shell around spongy bone,
so that its rim comes out dense by geometry, as on a film.

Coordinates: x to the right, y down, millimetres in the plane of the isocentre, origin in the
middle of the image; the patient looks to the left. Depth z points to the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps

import cv2
import numpy as np

from fluoroview_simulated.arrays import Float32Array

KEPT_CELLS = 400
Points = Sequence[Sequence[float]] | np.ndarray


def smooth_curve(points: Points, per_segment: int = 12, closed: bool = True) -> np.ndarray:
    """Catmull-Rom curve through `points` (n, 2), float64, `per_segment` vertices a segment."""
    p = np.asarray(points, float)
    if closed:
        p = np.concatenate([p[-1:], p, p[:2]])
    else:
        p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = (np.arange(per_segment) / per_segment)[:, None, None]
    p0, p1, p2, p3 = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    curve = curve.transpose(1, 0, 2).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, p2[-1:]])


@dataclass(frozen=True)
class Pose:
    """Perspective and the patient's small turn, which part the left half from the right.

    A point at depth z is magnified by the shorter way to the source, moved sideways by `yaw`
    (looking slightly towards or away from the detector) and up or down by `roll`.
    """

    source_isocentre_mm: float = 880.0
    yaw_rad: float = 0.035
    roll_rad: float = 0.025

    def project(self, points: np.ndarray, z_mm: float) -> np.ndarray:
        """Where points (n, 2) at depth `z_mm` appear in the isocentre's plane."""
        moved = points + np.array([self.yaw_rad, self.roll_rad]) * z_mm
        return moved * (self.source_isocentre_mm / (self.source_isocentre_mm - z_mm))


class Window:
    """A rectangle of the canvas that a shape touches: its slices and pixel coordinates in mm."""

    def __init__(self, canvas: Canvas, low: np.ndarray, high: np.ndarray) -> None:
        n, scale = canvas.size, canvas.px_per_mm
        x0, y0 = np.clip(np.floor(low * scale + n / 2), 0, n).astype(int)
        x1, y1 = np.clip(np.ceil(high * scale + n / 2) + 1, 0, n).astype(int)
        self.slices = (slice(y0, y1), slice(x0, x1))
        self.shape = (max(y1 - y0, 0), max(x1 - x0, 0))
        self.empty = 0 in self.shape
        self.origin = np.array([x0, y0])
        self.x = ((np.arange(x0, x1) + 0.5 - n / 2) / scale).astype(np.float32)[None, :]
        self.y = ((np.arange(y0, y1) + 0.5 - n / 2) / scale).astype(np.float32)[:, None]


class Canvas:
    """Square maps of `size` pixels over `view_mm`, filled by the `add_` methods.

    `soft` and `bone` are float32 path lengths in mm; soft tissue displaced by air or bone is
    subtracted where it is displaced.
    """

    def __init__(self, size: int, view_mm: float, seed: int, pose: Pose | None = None) -> None:
        self.size, self.view_mm = size, view_mm
        self.px_per_mm = size / view_mm
        self.pose = pose or Pose()
        self.seed = seed
        self.soft = np.zeros((size, size), np.float32)
        self.bone = np.zeros((size, size), np.float32)
        self._grains: dict[int, np.ndarray] = {}
        # No edge in a body is a clean curve, no cortex of one thickness.
        self.uneven = 0.28 * cloud(size, view_mm, seed + 50, 7.0, 3)
        self.patchy = 1.0 + 0.22 * cloud(size, view_mm, seed + 51, 6.0, 3)

    def window(self, points: np.ndarray, margin_mm: float = 2.0) -> Window:
        """The rectangle around `points`, `margin_mm` wider on each side."""
        return Window(self, points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm)

    def depth_inside(self, points: np.ndarray, window: Window) -> np.ndarray:
        """Distance in mm to the edge of a polygon, positive inside, float32 over the window."""
        pixel = points * self.px_per_mm + self.size / 2 - window.origin - 0.5
        mask = np.zeros(window.shape, np.uint8)
        cv2.fillPoly(mask, [np.rint(pixel * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
        inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
        outside = cv2.distanceTransform(255 - mask, cv2.DIST_L2, 5)
        distance = (np.minimum(inside, 1e4) - np.minimum(outside, 1e4)) / self.px_per_mm
        distance += self.uneven[window.slices]
        return cv2.GaussianBlur(distance, (0, 0), 0.15 * self.px_per_mm)

    def shape(self, points: Points, z_mm: float, smooth: bool = True) -> tuple[Window, np.ndarray]:
        """Window and inside depth of a closed curve at depth `z_mm`."""
        curve = smooth_curve(points) if smooth else np.asarray(points, float)
        curve = self.pose.project(curve, z_mm)
        window = self.window(curve)
        if window.empty:
            return window, np.zeros(window.shape, np.float32)
        return window, self.depth_inside(curve, window)

    def add_soft(
        self,
        points: Points,
        width_mm: float,
        radius_mm: float,
        z_mm: float = 0.0,
        smooth: bool = True,
    ) -> None:
        """Adds (or with a negative width takes away: fat, air) a rounded body of soft tissue."""
        window, depth = self.shape(points, z_mm, smooth)
        if not window.empty:
            self.soft[window.slices] += width_mm * rounded(depth, radius_mm)

    def add_bone(
        self,
        points: Points,
        width_mm: float,
        radius_mm: float,
        cortex_mm: float = 1.0,
        density: float = 0.2,
        grain: float = 0.35,
        z_mm: float = 0.0,
        direction_deg: float = 90.0,
        smooth: bool = True,
    ) -> None:
        """Adds a bone: compact shell of `cortex_mm`, spongy inside of relative `density`.

        `grain` is the relative contrast of the trabeculae, which run along `direction_deg`.
        """
        window, depth = self.shape(points, z_mm, smooth)
        if window.empty:
            return
        outer = width_mm * rounded(depth, radius_mm)
        inner = max(width_mm - 2 * cortex_mm, 0.0) * rounded(
            depth - cortex_mm, max(radius_mm - cortex_mm, 0.3)
        )
        spongy = density * (1.0 + grain * self.trabeculae(direction_deg)[window.slices])
        compact = np.maximum(outer - inner, 0.0) * self.patchy[window.slices]
        self.bone[window.slices] += compact + inner * spongy
        self.soft[window.slices] -= outer * 0.8

    def add_line(
        self, points: Points, bone_mm: float, thickness_mm: float, z_mm: float = 0.0
    ) -> None:
        """Adds a thin plate of bone seen edge-on, fading at both ends."""
        curve = self.pose.project(smooth_curve(points, closed=False), z_mm)
        window = self.window(curve, 3 * thickness_mm + 1)
        if window.empty:
            return
        pixel = curve * self.px_per_mm + self.size / 2 - window.origin - 0.5
        mask = np.zeros(window.shape, np.uint8)
        strength = np.minimum(
            1.0, 6.0 * np.minimum(t := np.linspace(0, 1, len(pixel)), 1 - t) + 0.1
        )
        fixed = np.rint(pixel * 16).astype(np.int32)
        wide = max(1, round(thickness_mm * self.px_per_mm))
        for a, b, s in zip(fixed[:-1], fixed[1:], strength, strict=False):
            cv2.line(
                mask, tuple(map(int, a)), tuple(map(int, b)), int(255 * s), wide, cv2.LINE_8, 4
            )
        line = cv2.GaussianBlur(
            mask.astype(np.float32), (0, 0), 0.35 * thickness_mm * self.px_per_mm
        )
        self.bone[window.slices] += (
            line * (bone_mm / 255) * (0.5 + 0.5 * self.patchy[window.slices])
        )

    def trabeculae(self, direction_deg: float) -> np.ndarray:
        """Band-passed grain of unit variance, drawn out along a direction; kept per direction."""
        direction = round(direction_deg / 15) * 15 % 180
        if direction not in self._grains:
            self._grains[direction] = oriented_grain(self.size, self.view_mm, self.seed, direction)
        return self._grains[direction]


def rounded(depth_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Profile of a rounded edge: 0 outside, elliptic over `radius_mm`, 1 deeper inside."""
    t = np.clip(depth_mm / radius_mm, 0.0, 1.0)
    return np.sqrt(t * (2.0 - t))


def _kept_small(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Keeps small results, for previews while the view turns; they must not be written to."""
    kept = lru_cache(maxsize=64)(make)

    @wraps(make)
    def made(size: int, *more: float) -> np.ndarray:
        return kept(size, *more) if size <= KEPT_CELLS else make(size, *more)

    return made


@_kept_small
def oriented_grain(size: int, view_mm: float, seed: int, direction_deg: int) -> Float32Array:
    """Grain between 0.4 and 1.5 mm across and some 1.5 mm along `direction_deg`, unit variance."""
    base = 640
    noise = np.random.default_rng([seed, direction_deg]).standard_normal((base, base))
    px = base / view_mm
    span = 15
    a = np.deg2rad(direction_deg)
    y, x = np.mgrid[-span : span + 1, -span : span + 1] / px
    along, across = x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a)
    kernel = np.exp(-((along / 0.62) ** 2) / 2) * (
        np.exp(-((across / 0.34) ** 2) / 2) - 0.40 * np.exp(-((across / 0.8) ** 2) / 2)
    )
    grain = cv2.filter2D(noise.astype(np.float32), -1, kernel.astype(np.float32))
    grain = cv2.resize(grain, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grain / grain.std(), np.float32)


@_kept_small
def cloud(size: int, view_mm: float, seed: int, scale_mm: float, octaves: int = 3) -> Float32Array:
    """Smooth random field of unit variance, `scale_mm` across, finer octaves at half strength."""
    rng = np.random.default_rng([seed, 77, round(scale_mm * 10)])
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = max(3, round(view_mm / scale_mm * 2**octave)) + 3
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        total += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC) * 0.5**octave
    unit: Float32Array = total / total.std()
    return unit
