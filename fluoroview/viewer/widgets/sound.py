"""The audible signals. Without a sound device one message is shown, and alarms stay visible."""

from __future__ import annotations

import struct
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QLoggingCategory, QObject, QUrl, pyqtSignal
from PyQt6.QtWidgets import QApplication

from fluoroview.translation import tr

RATE_HZ = 44_100
ENDLESS = -2
"""QSoundEffect.Loop.Infinite, which is not imported before it is needed."""


class Sounder(QObject):
    """Plays the signal tones; reports once when it cannot."""

    silent = pyqtSignal(str)
    """Why there is no audio, as a sentence; emitted once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._effect: Any = None
        self._steady: Any = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._fault = ""
        """Why there is no audio; empty: there is, or nobody tried."""
        self._reported = False

    def signal(self, until_silenced: bool = False) -> None:
        """Sound three beeps, once, or again and again until `silence`."""
        self.prepare()
        if self._effect is None:
            self._report()
            QApplication.beep()
            return
        self._effect.setLoopCount(ENDLESS if until_silenced else 1)
        self._effect.play()

    def silence(self) -> None:
        """Stop the signal."""
        if self._effect is not None:
            self._effect.stop()

    def continuous(self, on: bool) -> None:
        """Sound a steady tone while `on`; `silence` does not stop it."""
        if on:
            self.prepare()
        if self._steady is None:
            if on:
                self._report()
                QApplication.beep()
            return
        if on:
            self._steady.play()
        else:
            self._steady.stop()

    def close(self) -> None:
        """Release the sound device and remove the temporary files."""
        self.silence()
        self.continuous(False)
        self._effect = self._steady = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def prepare(self) -> None:
        """Load Qt's sound, unless it is loaded; it takes 0.1 s and may be missing."""
        if self._effect is not None or self._fault:
            return
        QLoggingCategory.setFilterRules("qt.multimedia.*=false")  # it lists every library
        try:
            from PyQt6.QtMultimedia import QMediaDevices, QSoundEffect
        except ImportError as error:
            self._fault = tr("the sound library is missing ({error})").format(error=error)
            return
        if QMediaDevices.defaultAudioOutput().isNull():
            self._fault = tr("this computer has no sound output")
            return
        self._folder = tempfile.TemporaryDirectory(prefix="fluoroview-")
        effects = []
        for name, write in (("signal.wav", write_tone), ("steady.wav", write_steady_tone)):
            path = Path(self._folder.name) / name
            write(path)
            effect = QSoundEffect(self)
            effect.setSource(QUrl.fromLocalFile(str(path)))
            effects.append(effect)
        self._effect, self._steady = effects
        self._steady.setLoopCount(ENDLESS)

    def _report(self) -> None:
        if self._reported:
            return
        self._reported = True
        self.silent.emit(
            tr("No audio: {reason}. Alarms are shown on screen only.").format(reason=self._fault)
        )


def write_tone(path: Path) -> None:
    """Write three beeps of 880 Hz, mono, 16 bit, as WAV."""
    time_s = np.arange(int(0.22 * RATE_HZ)) / RATE_HZ
    fade = np.clip(np.minimum(time_s, time_s[::-1]) / 0.01, 0, 1)
    beep = 0.5 * np.sin(2 * np.pi * 880 * time_s) * fade
    pause = np.zeros(int(0.12 * RATE_HZ))
    rest = np.zeros(int(0.6 * RATE_HZ))
    _write_wave(path, np.concatenate([*[beep, pause] * 3, rest]))


def write_steady_tone(path: Path) -> None:
    """Write one second of 660 Hz that can be repeated without a gap, mono, 16 bit, as WAV."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    _write_wave(path, 0.3 * np.sin(2 * np.pi * 660 * time_s))


def _write_wave(path: Path, samples: npt.NDArray[np.float64]) -> None:
    counts = (samples * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(struct.calcsize("<h"))
        file.setframerate(RATE_HZ)
        file.writeframes(counts.tobytes())
