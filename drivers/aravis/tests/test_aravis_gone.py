"""What is reported when the camera is absent, another program's, or unplugged."""

import os
import signal

import pytest

from fluoroview.hal import DeviceError, DeviceState
from fluoroview_aravis import AravisDetector, cameras


def test_an_absent_camera_is_reported_with_those_that_are_there(camera, open_host):
    with pytest.raises(DeviceError) as caught:
        open_host("Aravis-Fake-GONE")
    assert "There is no Aravis device 'Aravis-Fake-GONE'." in str(caught.value)
    assert "Present: Aravis-Fake-FV01." in str(caught.value)


def test_looking_finds_the_camera_and_states_where_it_is(camera):
    (found,) = AravisDetector.discover()
    assert (found.driver, found.id) == ("aravis", "Aravis-Fake-FV01")
    assert (found.vendor, found.model, found.serial) == ("Aravis", "Fake", "FV01")
    assert found.note == "GigEVision at 127.0.0.1"


def test_looking_finds_nothing_where_there_is_nothing():
    assert AravisDetector.discover() == []


def test_another_programs_camera_is_reported(camera, open_host, monkeypatch):
    open_host(camera.id)
    monkeypatch.setattr(cameras, "_CLAIM_S", -1.0)
    with pytest.raises(DeviceError, match="Aravis-Fake-FV01 is controlled by another program"):
        open_host(camera.id)


def test_a_camera_unplugged_while_it_streams_is_a_fault_with_its_reason(camera, open_host, consume):
    host = open_host(camera.id, "process")
    consumer = consume(host)
    host.start()
    consumer.wait_for(2)

    camera.unplug()

    host.faults.first(4)
    assert host.state is DeviceState.FAULT
    assert len(host.faults) == 1
    assert "aravis:Aravis-Fake-FV01 failed: it does not answer" in host.faults[0]
    assert "Check its power and cable" in host.faults[0]
    assert host.ledger().exact


def test_a_camera_whose_last_program_was_killed_opens_and_streams(camera, open_host, consume):
    host = open_host(camera.id, "process")
    killed = consume(host)
    host.start()
    killed.wait_for(2)
    os.kill(host.pid, signal.SIGKILL)

    again = open_host(camera.id)  # when the camera's heartbeat for the first one is over
    consumer = consume(again)
    again.start()
    consumer.wait_for(5)
    assert again.stop().exact
    assert all(consumer.seen)


def test_stopping_a_camera_that_was_just_unplugged_keeps_the_deadline(camera, open_host, consume):
    host = open_host(camera.id, "thread")
    consumer = consume(host)
    host.start()
    consumer.wait_for(2)
    camera.unplug()
    with pytest.raises(DeviceError, match="it does not stop: it did not answer within"):
        host.stop()
    assert host.state is DeviceState.FAULT
