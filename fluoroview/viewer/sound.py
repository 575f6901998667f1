"""The audible signals. No sound device is one sentence, never a failure: sight is always there."""

from __future__ import annotations

import struct
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QLoggingCategory, QObject, QUrl, pyqtSignal
from PyQt6.QtWidgets import QApplication

RATE_HZ = 44_100
ENDLESS = -2
"""QSoundEffect.Loop.Infinite, which is not imported before it is needed."""


class Sounder(QObject):
    """Plays the signal tone; says once, in a sentence, when it cannot."""

    silent = pyqtSignal(str)
    """Why nothing can be heard; emitted once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._effect: Any = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._told = False

    def signal(self, until_silenced: bool = False) -> None:
        """Sound three beeps, once, or again and again until `silence`."""
        if self._effect is None and not self._told:
            self._prepare()
        if self._effect is None:
            QApplication.beep()
            return
        self._effect.setLoopCount(ENDLESS if until_silenced else 1)
        self._effect.play()

    def silence(self) -> None:
        """Stop what sounds."""
        if self._effect is not None:
            self._effect.stop()

    def close(self) -> None:
        """Let go of the sound device and the temporary file."""
        self.silence()
        self._effect = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _prepare(self) -> None:
        """Load Qt's sound only when the first signal is due: it costs 0.1 s and may be missing."""
        QLoggingCategory.setFilterRules("qt.multimedia.*=false")  # it tells of every library
        try:
            from PyQt6.QtMultimedia import QMediaDevices, QSoundEffect
        except ImportError as error:
            self._tell(f"the sound library is missing ({error})")
            return
        if QMediaDevices.defaultAudioOutput().isNull():
            self._tell("this computer has no sound output")
            return
        self._folder = tempfile.TemporaryDirectory(prefix="fluoroview-")
        path = Path(self._folder.name) / "signal.wav"
        write_tone(path)
        effect = QSoundEffect(self)
        effect.setSource(QUrl.fromLocalFile(str(path)))
        self._effect = effect

    def _tell(self, why: str) -> None:
        self._told = True
        self.silent.emit(
            f"Signals cannot be heard: {why}. They are shown on the screen all the same."
        )


def write_tone(path: Path) -> None:
    """Write three beeps of 880 Hz, mono, 16 bit, as WAV."""
    time_s = np.arange(int(0.22 * RATE_HZ)) / RATE_HZ
    fade = np.clip(np.minimum(time_s, time_s[::-1]) / 0.01, 0, 1)
    beep = 0.5 * np.sin(2 * np.pi * 880 * time_s) * fade
    pause = np.zeros(int(0.12 * RATE_HZ))
    rest = np.zeros(int(0.6 * RATE_HZ))
    samples = np.concatenate([*[beep, pause] * 3, rest])
    counts = (samples * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(struct.calcsize("<h"))
        file.setframerate(RATE_HZ)
        file.writeframes(counts.tobytes())
