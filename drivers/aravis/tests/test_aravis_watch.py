"""When a silent device is asked, and when it is called gone."""

import threading
from types import SimpleNamespace

import pytest

from fluoroview.hal import DeviceError
from fluoroview_aravis import sdk
from fluoroview_aravis.watch import Watch, question_for


class Device:
    """Answers a question once it may, or fails it."""

    def __init__(self):
        self.now_s = 0.0
        self.asked = 0
        self.error = None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.watch = Watch(self.ask, lambda: self.now_s)

    def ask(self):
        self.asked += 1
        self.may_answer.wait()
        if self.error:
            raise self.error

    def check(self):
        self.watch.check()
        if self.may_answer.is_set() and self.watch._thread is not None:
            self.watch._thread.join()


@pytest.fixture
def device():
    return Device()


def test_a_device_that_shows_signs_of_life_is_not_asked(device):
    for step in range(10):
        device.now_s = step * 0.4
        device.watch.sign_of_life()
        device.check()
    assert device.asked == 0


def test_a_silent_device_that_answers_is_asked_now_and_then(device):
    for step in range(1, 21):
        device.now_s = step * 0.25
        device.check()
    assert device.asked == 6  # every third check: an answer counts as a sign of life
    assert not device.watch.gone


def test_one_question_at_a_time(device):
    device.may_answer.clear()
    for step in range(1, 11):
        device.now_s = step * 1.0
        device.check()
    assert device.asked == 1
    device.may_answer.set()


@pytest.mark.parametrize("error", [sdk.errors()[0]("no answer"), TimeoutError("no answer")])
def test_a_device_that_does_not_answer_is_gone(device, error):
    device.error = error
    device.now_s = 1.0
    device.check()
    assert device.watch.gone
    with pytest.raises(DeviceError, match=r"does not answer \(no answer\)"):
        device.check()


def test_a_device_that_another_program_took_is_gone(device):
    device.watch.control_lost(None)
    with pytest.raises(DeviceError, match="another program took control of it"):
        device.check()


class Address:
    """Of a Gio.InetSocketAddress what is used of it."""

    def get_address(self):
        return self

    def to_string(self):
        return "127.0.0.1"


def test_a_gige_vision_device_is_asked_over_the_network(camera):
    ask = question_for(SimpleNamespace(get_device_address=Address))
    ask()
    camera.unplug()
    with pytest.raises(TimeoutError, match="3 questions to 127"):
        ask()


def test_another_device_is_asked_through_aravis():
    asked = []
    question_for(SimpleNamespace(read_register=asked.append))()
    assert asked == [0]
