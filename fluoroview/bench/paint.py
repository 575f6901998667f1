"""From a 16-bit frame to painted pixels: the viewer's canvas and a bare widget, in one run.

The bare widget is the minimum a program can do: OpenCV windows, QPainter draws a `QImage` scaled
to the widget (nearest neighbour). Two quicker ones resize with OpenCV: one linearly, which is
cheaper and turns noise into a grid, one as the canvas does. None has overlays. Widgets take turns
frame by frame in one window, each repaint is forced, medians are compared: load hits all alike.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QApplication, QStackedWidget, QWidget

from fluoroview.hal.window import Window
from fluoroview.pipeline.display import WindowLut
from fluoroview.viewer.image.canvas import ImageCanvas

SIDE_PX = 1000
SIZES_PX = (1024, 2048)
SETTLE_S = 0.004
"""Rest before each paint, so that the screen's own copying of the last one is not charged to it."""
WINDOW = Window(8000, 12000)


class _Frame:
    def __init__(self, number: int, pixels: NDArray[np.uint16]) -> None:
        self.number = number
        self.pixels = pixels


_Contestant = tuple[QWidget, Callable[[_Frame], None]]


class _BareWidget(QWidget):
    """OpenCV windows the frame, QPainter draws and scales the QImage: the minimum."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._grey = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
        self._window = WindowLut(SIDE_PX, SIDE_PX, WINDOW)

    def show_frame(self, frame: _Frame) -> None:
        if self._grey.shape != frame.pixels.shape:
            self._grey = np.empty(frame.pixels.shape, np.uint8)
            self._window = WindowLut(frame.pixels.shape[0], frame.pixels.shape[1], WINDOW)
        self._window.apply(frame.pixels, self._grey)
        self.repaint()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        height, width = self._grey.shape
        form = QImage.Format.Format_Grayscale8
        image = QImage(self._grey.data, width, height, width, form)  # type: ignore[call-overload]
        painter = QPainter(self)
        painter.drawImage(self.rect(), image)
        painter.end()


class _LinearWidget(_BareWidget):
    """OpenCV resizes (linear) and windows the frame, QPainter draws it as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = np.empty((SIDE_PX, SIDE_PX), np.uint16)

    def show_frame(self, frame: _Frame) -> None:
        self._resample(frame.pixels)
        self._window.apply(self._counts, self._grey)
        self.repaint()

    def _resample(self, pixels: NDArray[np.uint16]) -> None:
        cv2.resize(pixels, (SIDE_PX, SIDE_PX), dst=self._counts)


class _CubicWidget(_LinearWidget):
    """The same with the canvas's own resampling."""

    def _resample(self, pixels: NDArray[Any]) -> None:
        reduce = pixels.shape[0] // SIDE_PX
        if reduce > 1:
            size = (pixels.shape[1] // reduce, pixels.shape[0] // reduce)
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        cv2.resize(pixels, (SIDE_PX, SIDE_PX), dst=self._counts, interpolation=cv2.INTER_CUBIC)


def run(
    step: Callable[[float, float], None] = lambda done, total: None,
    frames: int = 60,
    for_scale: bool = True,
) -> dict[str, Any]:
    """Measure both frame sizes; return milliseconds (medians) and ratios to the bare widget.

    Needs a display, or `QT_QPA_PLATFORM=offscreen`. `for_scale` adds pyqtgraph's widgets.
    """
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    stack, painters = _stage(for_scale)
    stack.show()
    stack.raise_()
    sizes = {}
    for done, side in enumerate(SIZES_PX):
        step(done, len(SIZES_PX))
        sizes[str(side)] = _measure(app, stack, painters, side, frames)
    stack.close()
    stack.deleteLater()
    return {
        "what": "16-bit frame to painted, scaled to 1000×1000 px, overlays on; median ms",
        "platform": app.platformName(),
        "target_ratio": 1.3,
        "frames": frames,
        "sizes": sizes,
    }


def _stage(for_scale: bool) -> tuple[QStackedWidget, dict[str, _Contestant]]:
    """Set every contestant into one window; return it with each one's paint call."""
    stack = QStackedWidget()
    canvas, bare, linear, cubic = _canvas(), _BareWidget(), _LinearWidget(), _CubicWidget()

    def paint_canvas(frame: _Frame) -> None:
        canvas.show_image(frame)
        canvas.repaint()

    painters: dict[str, _Contestant] = {
        "fluoroview": (canvas, paint_canvas),
        "bare": (bare, bare.show_frame),
        "bare, resized by OpenCV (linear)": (linear, linear.show_frame),
        "bare, resized as fluoroview does": (cubic, cubic.show_frame),
    }
    if for_scale:
        painters |= _pyqtgraph()
    for widget, _ in painters.values():
        stack.addWidget(widget)
    stack.setFixedSize(SIDE_PX, SIDE_PX)
    return stack, painters


def _canvas() -> ImageCanvas:
    canvas = ImageCanvas()
    canvas.set_window(WINDOW)
    canvas.set_mode("LIVE")
    canvas.set_corner("top right", "30 pulses/s", "70 kV  4.0 mA")
    canvas.set_corner("bottom left", "Barium swallow, lateral")
    canvas.set_corner("bottom right", "C 8000  W 12000", "98 %")
    canvas.set_orientation(left="A", right="P")
    return canvas


def _pyqtgraph() -> dict[str, _Contestant]:
    """pyqtgraph's two fastest ways to show an image, with fixed levels."""
    import pyqtgraph as pg
    from pyqtgraph.widgets.RawImageWidget import RawImageWidget

    levels = (WINDOW.black, WINDOW.white)
    raw = RawImageWidget(scaled=True)

    def paint_raw(frame: _Frame) -> None:
        raw.setImage(frame.pixels, levels=levels)
        raw.repaint()

    view = pg.GraphicsView()
    box = pg.ViewBox(lockAspect=True, defaultPadding=0)
    view.setCentralItem(box)
    item = pg.ImageItem(axisOrder="row-major")
    box.addItem(item)

    def paint_item(frame: _Frame) -> None:
        item.setImage(frame.pixels, autoLevels=False, levels=levels)
        view.viewport().repaint()

    return {"pyqtgraph RawImageWidget": (raw, paint_raw), "pyqtgraph ImageItem": (view, paint_item)}


def _measure(
    app: QApplication,
    stack: QStackedWidget,
    painters: dict[str, _Contestant],
    side: int,
    frames: int,
) -> dict[str, Any]:
    """Let the painters take turns on noisy frames of one size."""
    rng = np.random.default_rng(1)
    images = [
        _Frame(n, rng.integers(2000, 14000, (side, side)).astype(np.uint16)) for n in range(7)
    ]
    times: dict[str, list[float]] = {name: [] for name in painters}
    order, supply = list(painters), itertools.cycle(images)
    for _ in range(frames + 5):
        order.append(order.pop(0))  # nobody always follows the same one, nor finds its frame warm
        for name in order:
            widget, paint = painters[name]
            stack.setCurrentWidget(widget)
            app.processEvents()
            time.sleep(SETTLE_S)
            frame = next(supply)
            begun = time.perf_counter()
            paint(frame)
            times[name].append(time.perf_counter() - begun)
    ms = {name: float(np.median(each[5:]) * 1e3) for name, each in times.items()}
    return {
        "ms": {name: round(value, 2) for name, value in ms.items()},
        "ratio_to_bare": round(ms["fluoroview"] / ms["bare"], 2),
        "ratio_to": {
            name: round(ms["fluoroview"] / value, 2)
            for name, value in ms.items()
            if name != "fluoroview"
        },
    }
