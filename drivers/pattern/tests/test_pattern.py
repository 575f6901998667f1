"""The test pattern arrives whole, in order and at its rate."""

import numpy as np
import pytest

from fluoroview.hal import DeviceError, DeviceHost


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_frames_arrive_whole_and_at_their_rate(isolation):
    host = DeviceHost("pattern", "ramp", isolation)
    try:
        host.open()
        host.write("Width", 640)
        host.write("Height", 480)
        host.write("AcquisitionFrameRate", 100.0)
        reader = host.arm().reader()
        host.start()
        times = []
        for _ in range(30):
            frame = reader.next(2.0)
            bar = frame.header.hardware_counter % 640
            assert frame.pixels.shape == (480, 640)
            assert (frame.pixels[:, bar] == 16000).all()
            assert (np.diff(frame.pixels[0, :bar].astype(int)) >= 0).all()
            times.append(frame.header.host_time_ns)
            reader.release()
        assert host.stop().exact
        assert (times[-1] - times[0]) / 1e6 > 0.9 * 29 * 10.0, (
            "later, on a busy computer; never sooner"
        )
        reader.close()
    finally:
        host.close()


def test_it_is_the_only_one():
    host = DeviceHost("pattern", "stripes", "thread")
    with pytest.raises(DeviceError, match=r"no device 'stripes'.*It has one: ramp"):
        host.open()
    host.close()
