"""A KAP meter on the other end of a pseudo-terminal: a thread that speaks the protocol, or worse.

It is written from README.md's side: its lines are put together here, with a checksum of its own.
"""

import contextlib
import os
import select
import termios
import threading
import time
import tty
from decimal import Decimal

import pytest

from fluoroview_kapmeter import finding

STEP_S = 0.01  # ten times faster than a real one


def crc16(body):
    """CRC-16/CCITT-FALSE, bit by bit as README.md says it."""
    value = 0xFFFF
    for byte in body:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1) ^ 0x1021 if value & 0x8000 else value << 1
            value &= 0xFFFF
    return value


class EmulatedMeter:
    """A meter with a port; each step it measures `step_ugym2` more and reports it."""

    def __init__(self, full_scale="1000.000", baud=None):
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.full_scale = Decimal(full_scale)
        self.baud = baud
        self.counted = Decimal("10.000")
        self.step_ugym2 = Decimal("0.010")
        self.measured = Decimal(0)
        self.number = 0
        self.speaks = True
        self.confirms = True
        self.commands = []
        self._raw = []
        self._lock = threading.RLock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def line(self, text):
        body = text.encode()
        return body + b"*%04X\r\n" % crc16(body)

    def send(self, raw):
        """Send bytes as they are, with the next step."""
        with self._lock:
            self._raw.append(raw)

    def say(self, text):
        self.send(self.line(text))

    def reset(self, by, announce=True):
        with self._lock:
            self.counted = Decimal(0)
            if announce:
                self._write(self.line(f"RESET {by}"))

    def unplug(self):
        self._end.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        for handle in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(handle)

    def _live(self):
        pending, due = b"", time.monotonic()
        while not self._end.is_set():
            if select.select([self._master], [], [], max(0.0, due - time.monotonic()))[0]:
                *lines, pending = (pending + os.read(self._master, 256)).split(b"\n")
                for line in lines:
                    self._obey(line.strip())
            if time.monotonic() >= due:
                due += STEP_S
                self._step()

    def _step(self):
        with self._lock:
            raw, self._raw = self._raw, []
            for data in raw:
                self._write(data)
            self.measured += self.step_ugym2
            self.counted = (self.counted + self.step_ugym2) % self.full_scale
            if self.speaks:
                self._write(self.line(f"KAP {self.counted:f} uGym2 N {self.number}"))
            self.number = (self.number + 1) % 10_000

    def _obey(self, line):
        if self.baud is not None and termios.tcgetattr(self._master)[4] != self.baud:
            return  # at another speed it receives only noise
        with self._lock:
            self.commands.append(line)
            if line == self.line("?ID").strip() and self.speaks:
                self._write(self.line(f"ID Example,KM-1,SN42,{self.full_scale:f}"))
            if line == self.line("RESET").strip() and self.confirms:
                self.reset("host")

    def _write(self, data):
        if self.baud is None or termios.tcgetattr(self._master)[4] == self.baud:
            os.write(self._master, data)


@pytest.fixture
def emulate():
    """Make meters; all are unplugged in the end."""
    meters = []

    def make(*args, **settings):
        meters.append(EmulatedMeter(*args, **settings))
        return meters[-1]

    yield make
    for meter in meters:
        meter.unplug()


@pytest.fixture(autouse=True)
def _no_ports_named(monkeypatch):
    """Whatever the machine's environment names stays untouched."""
    monkeypatch.delenv(finding.PORTS_VARIABLE, raising=False)
