"""After a fault and a restart, the loop of before can still be replayed; its dose is not mixed."""

import os
import signal

import pydicom
import pytest

from fluoroview.hal import DeviceError
from fluoroview.hal.testing import until
from fluoroview.session import device_manager as detector
from fluoroview.session.events import Mode
from fluoroview.session.room import DetectorSection


@pytest.fixture
def failed(make_session):
    """A session whose device died in its first run, after at least five images."""
    session = make_session(detector=DetectorSection(driver="ramp", device="r0"))
    session.press_pedal()
    until(lambda: session.snapshot().mode is Mode.LIVE and session.snapshot().run_frames >= 5)
    os.kill(session.snapshot().device.pid, signal.SIGKILL)
    until(lambda: session.snapshot().device.state == "FAULT")
    until(lambda: len(session.runs) == 1)
    session.release_pedal()
    return session


def replayed(session, **which):
    session.replay_loop(**which).result(30)
    count = session.snapshot().replay.frame_count
    session.stop_replay()
    return count


def run(session, count=3):
    runs = len(session.runs)
    session.press_pedal()
    until(lambda: session.snapshot().mode is Mode.LIVE and session.snapshot().run_frames >= count)
    session.release_pedal()
    until(lambda: len(session.runs) > runs)


def test_the_loop_of_before_a_restart_is_replayed_after_it(failed):
    before = replayed(failed)
    assert before >= 5

    failed.restart_device().result(30)
    assert replayed(failed) == before
    assert replayed(failed, last_run_only=True) == before

    run(failed)
    whole, last = replayed(failed), replayed(failed, last_run_only=True)
    assert last >= 3
    assert whole == before + last, "the new run 1 is not taken for the old one"


def test_a_loop_of_before_a_restart_is_saved_without_the_dose_of_another_run(failed, tmp_path):
    failed.restart_device().result(30)
    run(failed)
    failed.save_loop(tmp_path / "last.dcm", last_run_only=True).result(30)
    failed.save_loop(tmp_path / "all.dcm").result(30)
    last, whole = (pydicom.dcmread(tmp_path / name) for name in ("last.dcm", "all.dcm"))
    assert whole.NumberOfFrames > last.NumberOfFrames
    assert "ImageAndFluoroscopyAreaDoseProduct" in last
    assert "ImageAndFluoroscopyAreaDoseProduct" not in whole


def test_a_restart_that_fails_leaves_the_loop_for_the_next_one(failed, monkeypatch):
    def no_room(*_which, **_how):
        raise DeviceError("There is no room.")

    before = replayed(failed)
    with monkeypatch.context() as broken:
        broken.setattr(detector, "arm", no_room)
        with pytest.raises(DeviceError, match="There is no room"):
            failed.restart_device().result(30)
    failed.restart_device().result(30)
    assert replayed(failed) == before


def test_another_device_does_not_get_the_loop(failed):
    failed.connect("ramp", "r1").result(30)
    run(failed)
    assert replayed(failed) == replayed(failed, last_run_only=True)


def test_a_released_loop_frees_its_space(failed, tmp_path):
    store = failed._core.devices.armed.loop_buffer
    failed.restart_device().result(30)
    assert failed._core.devices.armed.loop_buffer is store
    failed.disconnect().result(30)
    assert not store.fits(store.rows, store.columns, store.rate_hz), "its file is closed"
