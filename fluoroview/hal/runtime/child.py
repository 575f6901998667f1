"""The child process that runs one driver: `python -m fluoroview.hal.runtime.child`.

    serve DRIVER DEVICE [FAULTS]    commands on standard input, answers on standard output
    discover DRIVER                 prints the devices as one JSON object

Whatever a vendor's library prints goes to standard error. When the parent ends, however it ends,
standard input closes: the beam stops, the device is released, the process ends.
"""

import faulthandler
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fluoroview.hal.clock import SystemClock
from fluoroview.hal.device import Progress
from fluoroview.hal.errors import DriverError, FluoroError
from fluoroview.hal.runtime.registry import load_driver
from fluoroview.hal.runtime.server import DeviceServer, Reports
from fluoroview.hal.runtime.transport import BELL

logger = logging.getLogger(__name__)
_LAST_DEADLINE_S = 3.0


class Channel:
    """The private copy of standard output; the public one leads to standard error."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def bell(self) -> None:
        """Report to the parent that a frame was committed."""
        self._write(BELL)

    def send(self, message: dict[str, Any]) -> None:
        """Send one JSON line."""
        self._write(json.dumps(message).encode() + b"\n")

    def fail(self, sentence: str) -> None:
        """Report to the parent that the device cannot go on."""
        self.send({"fail": sentence})

    def refuse(self, sentence: str) -> None:
        """Report to the parent that no pulse is made."""
        self.send({"refuse": sentence})

    def silent(self, seconds: float) -> None:
        """Report to the parent that the dead man's switch ended the run."""
        self.send({"silent": seconds})

    def progress(self, progress: Progress) -> None:
        """Report to the parent how far the present call has come."""
        self.send({"progress": asdict(progress)})

    @property
    def reports(self) -> Reports:
        """What a server reports through this channel."""
        return Reports(self.bell, self.fail, self.refuse, self.silent, self.progress)

    def _write(self, line: bytes) -> None:
        try:
            with self._lock:
                while line:  # a library's signal handler may interrupt a write
                    line = line[os.write(self._descriptor, line) :]
        except OSError:
            return  # the parent has ended; the end of standard input follows


def describe_error(error: FluoroError) -> dict[str, str]:
    """Return an error as it travels to the parent."""
    return {
        "type": type(error).__name__,
        "what": error.what,
        "remedy": error.remedy,
        "device": error.device,
        "code": error.code,
    }


class Commands:
    """The parent's commands, one by one, until it ends; then the process has 3 s left.

    A thread reads them, so that the end is noticed also while a driver hangs in the last one.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="from the host", daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield commands; one without an id is of this process, and nobody waits for its reply."""
        while (command := self._queue.get()) is not None:
            yield command

    def end_run(self) -> None:
        """Stop the run next, as on the parent's command."""
        self._queue.put({"id": None, "method": "stop", "arguments": {}})

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._queue.put(json.loads(line))
        self._queue.put(None)
        time.sleep(_LAST_DEADLINE_S)
        os._exit(1)


def serve(driver: str, device_id: str, faults: Path | None) -> None:
    """Execute commands until standard input ends."""
    channel, commands = Channel(), Commands()
    server: DeviceServer | None = None
    for command in commands:
        reply: dict[str, Any] = {"id": command["id"]}
        try:
            if server is None:  # imported at the first command, so that its failure has a reply
                server = DeviceServer(
                    load_driver(driver),
                    driver,
                    device_id,
                    clock=SystemClock(),
                    reports=channel.reports,
                    end_run=commands.end_run,
                    faults=faults,
                )
            reply["result"] = server.handle(command["method"], command["arguments"])
        except FluoroError as error:
            reply["error"] = describe_error(error)
        if command["id"] is not None:
            channel.send(reply)
        elif "error" in reply:
            channel.fail(reply["error"]["what"])
    if server is not None:
        server.handle("close", {})


class Warnings(logging.Handler):
    """Keeps the warnings of a driver's package, such as a port without an answer."""

    def __init__(self, package: str) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []
        logging.getLogger(package).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one text."""
        self.texts.append(record.getMessage())


def discover(driver: str) -> None:
    """Print the devices that `driver` finds, or why discovery failed."""
    channel = Channel()
    try:
        device_class = load_driver(driver)
        warned = Warnings(device_class.__module__.partition(".")[0])
        found = [asdict(info) for info in device_class.discover()]
        channel.send(
            {
                "devices": found,
                "kind": device_class.kind,
                "none_found": device_class.none_found,
                "warnings": warned.texts,
            }
        )
    except FluoroError as error:
        channel.send({"error": describe_error(error)})
    except (Exception, SystemExit) as error:
        logger.exception("%s: discover failed", driver)
        channel.send(
            {
                "error": describe_error(
                    DriverError(
                        f"Driver {driver} raised {type(error).__name__} in discover: {error}",
                        "This is a fault of the driver; report it to its author.",
                        driver,
                        code="FV-HAL-017",
                    )
                )
            }
        )


def main() -> None:
    """Run the task of the command line."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    task, driver, *device = sys.argv[1:]
    if task == "serve":
        device_id, *faults = device
        serve(driver, device_id, Path(faults[0]) if faults else None)
    else:
        discover(driver)


if __name__ == "__main__":
    main()
