"""What the viewer tests share: images, a window on a right driver, no widget left behind."""

import gc
from dataclasses import dataclass

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PyQt6.QtWidgets import QApplication

from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session
from fluoroview.viewer.main_window import MainWindow
from fluoroview.viewer.widgets import theme


@dataclass
class Shown:
    """An image for the canvas."""

    pixels: np.ndarray
    number: int = 0


@pytest.fixture(scope="session")
def qapp(qapp):
    theme.apply(qapp)
    return qapp


@pytest.fixture(autouse=True)
def _no_widget_is_left(qapp):
    """Fail a test that leaves a widget behind."""
    gc.collect()
    gc.freeze()  # what was there before the test need not be looked through for its garbage
    before = set(QApplication.allWidgets())
    yield
    _free()
    left = set(QApplication.allWidgets()) - before
    assert not left, f"left behind: {sorted(type(widget).__name__ for widget in left)}"


def _free():
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


@pytest.fixture
def make_window(qtbot, test_drivers, tmp_path):
    """Return a function that opens the main window on the ramp driver, connected."""
    made = []

    def make(driver="ramp", device="r0", connect=True, isolation="thread", **sections):
        room = Room(
            detector=DetectorSection(driver=driver, device=device, isolation=isolation),
            loop=LoopSection(seconds=2.0, folder=str(tmp_path / "loops")),
            **sections,
        )
        session = Session(room)
        window = MainWindow(session)
        made.append((window, session))
        window.resize(1280, 800)
        window.show()
        with qtbot.waitActive(window):
            window.activateWindow()
        if connect:
            session.connect().result(30)
            qtbot.waitUntil(window.ui.pedal_button.isEnabled)
        return window

    yield make
    for window, session in made:
        window.close()
        window.deleteLater()
        _free()
        session.close()


@pytest.fixture
def window(make_window):
    return make_window()


@pytest.fixture
def hold_pedal(qtbot):
    """Return a function: hold Space until some frames came, release it, wait for the hold."""

    def hold(window, frames=20):
        session = window.session
        runs = len(session.runs)
        qtbot.keyPress(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: session.snapshot().run_frames >= frames)
        qtbot.waitUntil(lambda: window.canvas.overlay.mode in ("LIVE", "REPLAY"))
        qtbot.keyRelease(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: len(session.runs) > runs)

    return hold


@pytest.fixture
def drop():
    """Return a function that drops a file on the window."""
    return _drop


@pytest.fixture
def shown():
    """Return the class of an image for the canvas: Shown(pixels, number)."""
    return Shown


@pytest.fixture
def grey_of():
    """Return a function: what a widget looks like as (H, W) uint8."""
    return _grey_of


@pytest.fixture
def colours_of():
    """Return a function: what a widget looks like as (H, W, 4) uint8, blue first."""
    return _colours_of


def _drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(200, 200), copy, data, left, none)
    enter.ignore()
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(200, 200), copy, data, left, none))


def _grey_of(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    bits = image.constBits().asarray(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def _colours_of(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits().asarray(image.sizeInBytes())
    return np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4).copy()
