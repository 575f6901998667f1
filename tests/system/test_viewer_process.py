"""The viewer as a process of its own: signals, a display that dies, a program that stands still."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from fluoroview.hal.testing import BROKEN_S
from fluoroview.recording import Recording

PROGRAM = """
import sys
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest

from fluoroview.hal import DeviceState
from fluoroview.session.room import DetectorSection, Room
from fluoroview.viewer import app
from fluoroview.viewer.main_window import MainWindow

recording = Path(sys.argv[1])
pressed = []


def drive():
    window = next(w for w in app.application().topLevelWidgets() if isinstance(w, MainWindow))
    now = window.session.snapshot()
    if now.device.state is DeviceState.ARMED and not pressed:
        pressed.append(True)
        window.session.start_recording(recording)
        QTest.keyPress(window, Qt.Key.Key_Space)
    if now.run_frames >= 20:
        print("down" if now.pedal_down else "up", now.dose.pulses, flush=True)


app.application()
timer = QTimer()
timer.timeout.connect(drive)
timer.start(20)
room = Room(detector=DetectorSection(driver="ramp", device="r0", isolation="process"))
sys.exit(app.run(room))
"""
RATE_HZ = 100


class Viewer:
    """A viewer with the pedal held, a recording under way, and what it prints."""

    def __init__(self, recording, **environment):
        self.recording = recording
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(recording)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self.watchdog = threading.Timer(3 * BROKEN_S, self.process.kill)
        self.watchdog.start()
        assert self.next_line()[0] == "down"

    def next_line(self):
        """Return what it prints next: the pedal, and the pulses counted."""
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        pedal, pulses = line.split()
        return pedal, int(pulses)

    def ended(self):
        """Return the exit code."""
        self.process.communicate()
        return self.process.returncode

    def close(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def make_viewer(test_drivers, tmp_path):
    made = []

    def make(**environment):
        made.append(Viewer(tmp_path / "run.fluoro.h5", **environment))
        return made[-1]

    yield make
    for viewer in made:
        viewer.close()


def assert_whole(path):
    with Recording(path) as recording:
        assert recording.damage == []
        assert recording.frame_count >= 20


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_closes_the_viewer_in_order(make_viewer, number):
    viewer = make_viewer()
    viewer.process.send_signal(number)
    assert viewer.ended() == 0
    assert_whole(viewer.recording)


def test_a_display_that_dies_closes_the_session(make_viewer):
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as number:
            display = f":{number.readline().strip()}"
        viewer = make_viewer(DISPLAY=display, QT_QPA_PLATFORM="xcb")
    finally:
        server.kill()
        server.wait()
    assert viewer.ended() != 0
    assert_whole(viewer.recording)


def test_a_program_that_stands_still_makes_no_pulses(make_viewer):
    viewer = make_viewer()
    viewer.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)  # the standstill itself
    viewer.process.send_signal(signal.SIGCONT)
    pulses = []
    while True:
        pedal, count = viewer.next_line()
        pulses.append(count)
        if pedal == "up":
            break
    assert pulses[-1] - pulses[0] < 0.3 * RATE_HZ + 30, "130 and more without a dead man's switch"
