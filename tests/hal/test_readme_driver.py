"""The smallest driver, as drivers/README.md prints it, runs in a thread and in a child process."""

import re
import sys
from pathlib import Path

import pytest

from fluoroview.hal import DeviceHost
from fluoroview.hal.runtime.registry import discover, installed_drivers

README = Path(__file__).parents[2] / "drivers" / "README.md"


@pytest.fixture
def stripes(tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)[1]
    (tmp_path / "fluoroview_stripes.py").write_text(code, encoding="utf-8")
    info = tmp_path / "fluoroview_stripes-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: fluoroview-stripes\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "[fluoroview.drivers]\nstripes = fluoroview_stripes:StripesDetector\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield code
    sys.modules.pop("fluoroview_stripes", None)


def test_it_is_small(stripes):
    body = stripes[stripes.index("class ") :]
    assert len([line for line in body.splitlines() if line.strip()]) <= 25


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_it_streams(stripes, isolation):
    driver = next(info for info in installed_drivers() if info.name == "stripes")
    device = discover(driver).devices[0]
    host = DeviceHost("stripes", device.id, isolation)
    try:
        host.open()
        reader = host.arm().reader()
        host.start()
        for number in range(1, 6):
            frame = reader.next(2.0)
            assert frame.pixels[0, number] == 4000
            assert frame.pixels.shape == (480, 640)
            reader.release()
        assert host.stop().exact
        reader.close()
    finally:
        host.close()
