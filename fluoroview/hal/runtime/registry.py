"""Drivers by name: installed distributions announce them in the entry-point group.

Nothing is loaded from a path, and only the driver's own child process imports it, so that one
broken SDK does not affect the other drivers.
"""

import json
import logging
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint

from fluoroview.hal.device import Device
from fluoroview.hal.errors import DeviceError, DriverError
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import DeviceInfo
from fluoroview.hal.runtime.installed import installed_entry_points
from fluoroview.hal.runtime.python_child import child_environment, python_command
from fluoroview.hal.runtime.starvation import TICK_S, Patience, Starvation
from fluoroview.hal.states import DEADLINE_S
from fluoroview.hal.suggestions import did_you_mean

logger = logging.getLogger(__name__)
GROUP = "fluoroview.drivers"


@dataclass(frozen=True)
class DriverInfo:
    """An installed driver, not yet imported."""

    name: str
    distribution: str
    version: str
    target: str


@dataclass(frozen=True)
class Discovery:
    """The result of one driver's discovery: devices, or a sentence why there are none."""

    driver: DriverInfo
    devices: list[DeviceInfo] = field(default_factory=list)
    error: str = ""
    kind: str = ""
    none_found: str = ""
    """The driver's advice where there is no device."""
    warnings: list[str] = field(default_factory=list)
    """Why it did not find more: the warnings that the driver's package logged meanwhile."""

    @property
    def missing(self) -> DeviceError:
        """The error that there is no device, and what to do."""
        what = f"Driver {self.driver.name} found no device."
        return DeviceError(
            what, " ".join(self.warnings) or self.none_found, self.driver.name, code="FV-HAL-030"
        )

    def first_id(self) -> str:
        """Return the id of the first device. Raises DeviceError with the driver's remedy."""
        if not self.devices:
            raise self.missing
        return self.devices[0].id


def installed_drivers() -> list[DriverInfo]:
    """Return the installed drivers by name."""
    return [
        DriverInfo(
            point.name,
            point.dist.name if point.dist else "",
            point.dist.version if point.dist else "",
            point.value,
        )
        for point in installed_entry_points(GROUP)
    ]


def find_driver(name: str) -> EntryPoint:
    """Return the entry point of driver `name`, or raise DriverError offering near names."""
    points = {point.name: point for point in installed_entry_points(GROUP)}
    if name in points:
        return points[name]
    raise DriverError(
        f"There is no driver {plain(name)!r}.",
        f"{did_you_mean(name, points)}Installed are: {', '.join(sorted(points)) or 'none'}; "
        "`fluoroview drivers` lists them.",
        name,
        code="FV-HAL-031",
    )


def load_driver(name: str) -> type[Device]:
    """Import driver `name`. Raises DriverError with the import's own reason."""
    point = find_driver(name)
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:
        raise DriverError(
            f"Driver {name} ({point.value}) cannot be imported: {type(error).__name__}: "
            f"{plain(error)}.",
            f"Reinstall {point.dist.name if point.dist else 'its distribution'} and what it "
            "needs; the other drivers still work.",
            name,
            code="FV-HAL-032",
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Device)):
        raise DriverError(
            f"Driver {name} ({point.value}) is not a fluoroview.hal device.",
            "Its entry point must name a class derived from Detector, Generator, DoseMeter, "
            "Positioner or Collimator.",
            name,
            code="FV-HAL-033",
        )
    return loaded


def discover(driver: DriverInfo) -> Discovery:
    """Discover the devices of one driver, in its own process and with a deadline."""
    try:
        code, output, errors = _discover_in_child(driver.name)
    except TimeoutError:
        return Discovery(
            driver,
            error=f"Driver {driver.name} did not finish discover within "
            f"{DEADLINE_S['discover']:.0f} s. The other drivers still work.",
        )
    try:
        answer = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError):
        return Discovery(
            driver,
            error=f"Driver {driver.name} ended with code {code} in "
            "discover. The other drivers still work.",
        )
    if "error" in answer:
        logger.info("%s: %s", driver.name, plain(errors.decode(errors="replace"), 4000))
        sentence = f"{answer['error']['what']} {answer['error']['remedy']}".strip()
        return Discovery(driver, error=plain(sentence, 1000))
    found = [DeviceInfo(**info) for info in answer["devices"]]
    details = {key: answer[key] for key in ("kind", "none_found", "warnings")}
    return Discovery(driver, found, **details)


def _discover_in_child(driver: str) -> tuple[int, bytes, bytes]:
    """Return exit code, output and errors of a driver's discovery; TimeoutError at the deadline."""
    began_s = time.monotonic()
    with subprocess.Popen(
        python_command("fluoroview.hal.runtime.child", "discover", driver),
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        patience = Patience(DEADLINE_S["discover"], Starvation(child.pid), began_s)
        while True:
            try:
                output, errors = child.communicate(timeout=TICK_S)
                return child.returncode, output, errors
            except subprocess.TimeoutExpired as error:
                if patience.exhausted(0):
                    child.kill()
                    raise TimeoutError from error


def look_for(name: str) -> Discovery:
    """Discover the devices of driver `name`.

    Raises DriverError for an unknown driver, DeviceError where its discovery fails.
    """
    find_driver(name)
    found = discover(next(info for info in installed_drivers() if info.name == name))
    if found.error:
        raise DeviceError(found.error, device=name, code="FV-HAL-034")
    return found


def discover_all() -> list[Discovery]:
    """Discover the devices of every installed driver, two drivers at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(discover, installed_drivers()))
