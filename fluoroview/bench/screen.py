"""The screen of a bench that paints: the one that is there, or an Xvfb for the run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fluoroview.hal import FluoroError


class BenchError(FluoroError):
    """A bench that cannot be run here."""


@contextmanager
def screen() -> Iterator[str]:
    """Yield the name of the screen; start an Xvfb where there is none."""
    if os.environ.get("DISPLAY") or sys.platform != "linux":
        yield os.environ.get("DISPLAY", "the desktop")
        return
    number, report = os.pipe()
    try:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(report), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
            pass_fds=(report,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise BenchError(
            "There is no display, and no Xvfb to make one.",
            "`apt-get install xvfb`.",
            code="FV-BEN-008",
        ) from None
    finally:
        os.close(report)
    try:
        with open(number) as line:
            display = f":{line.readline().strip()}"
        os.environ["DISPLAY"] = display
        yield f"Xvfb {display}, 1600×1200"
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait()
