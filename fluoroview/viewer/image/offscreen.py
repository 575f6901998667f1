"""An image of the viewer without a display: the same window, drawn into memory."""

from __future__ import annotations

import os
from pathlib import Path

from PyQt6.QtCore import QBuffer, QCoreApplication, QEvent, QIODevice
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QWidget

from fluoroview.hal import FluoroError
from fluoroview.hal.safe_files import write_whole
from fluoroview.session.session import Session
from fluoroview.viewer.app import SIZE_PX, application
from fluoroview.viewer.main_window import MainWindow


class ImageError(FluoroError):
    """An image of the viewer that cannot be written."""


def write_image(session: Session, path: Path) -> None:
    """Write how the viewer shows the session now, 1600×1200, as PNG.

    Call it on the main thread. Raises ImageError when the file cannot be written.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application()
    window = MainWindow(session)
    window.resize(*SIZE_PX)
    window.show()
    QCoreApplication.processEvents()
    window.show_newest_image()
    window.refresh()
    try:
        grab(window, path)
    finally:
        close(window)


def grab(widget: QWidget, path: Path) -> None:
    """Write how a widget looks now, as PNG. Raises ImageError when that is not possible."""
    QCoreApplication.processEvents()
    save(widget.grab(), path)


def save(image: QPixmap, path: Path) -> None:
    """Write an image as PNG, which takes a while. Raises ImageError or NotWrittenError."""
    encoded = QBuffer()
    encoded.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(encoded, "PNG"):
        raise ImageError(
            f"The image {path} cannot be encoded as PNG.",
            "Use a smaller window.",
            code="FV-GUI-004",
        )
    write_whole(path, encoded.data().data())


def close(window: QWidget) -> None:
    """Close a window and free it at once, not when the event loop comes round to it."""
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
