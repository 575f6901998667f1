"""Wishes on their way to a device: the last one counts, none is written twice at a time."""

from concurrent.futures import Future

import pytest

from fluoroview.viewer.controllers.parameter_writer import ParameterWriter


class Bridge:
    """Calls back at once."""

    def when_done(self, future, then):
        future.add_done_callback(lambda done: then(None if done.exception() else done.result()))


@pytest.fixture
def device():
    class Device:
        def __init__(self):
            self.asked, self.reported = [], []
            self.writer = ParameterWriter(
                self.write, Bridge(), lambda *news: self.reported.append(news)
            )

        def write(self, name, value):
            future = Future()
            self.asked.append((name, value, future))
            return future

    return Device()


def test_values_requested_meanwhile_are_written_once_the_last_one(device):
    for angle in (1.0, 2.0, 3.0, 4.0):
        device.writer.put("Angle", angle)
    assert [value for _, value, _ in device.asked] == [1.0]
    assert device.writer.pending("Angle", 0.0) == 4.0
    device.asked[0][2].set_result(1.0)
    assert [value for _, value, _ in device.asked] == [1.0, 4.0]
    device.asked[1][2].set_result(4.0)
    assert device.reported == [("Angle", 4.0, 4.0)]
    assert device.writer.pending("Angle", 0.0) == 0.0


def test_parameters_do_not_wait_for_each_other(device):
    device.writer.put("Angle", 1.0)
    device.writer.put("Field", 300)
    assert [name for name, _, _ in device.asked] == ["Angle", "Field"]


def test_every_command_is_run(device):
    for _ in range(3):
        device.writer.run("Inject")
    assert len(device.asked) == 3


def test_after_a_refusal_what_builds_on_it_is_forgotten(device):
    device.writer.put("Advance", 5.0)
    device.writer.put("Advance", 10.0)
    device.asked[0][2].set_exception(ValueError("the vessel ends"))
    assert len(device.asked) == 1
    assert device.writer.pending("Advance", 0.0) == 0.0


def test_letting_go_is_never_lost(device):
    device.writer.put("HighLevelControl", True)
    device.writer.put("HighLevelControl", False)
    device.asked[0][2].set_result(True)
    assert device.asked[-1][1] is False
