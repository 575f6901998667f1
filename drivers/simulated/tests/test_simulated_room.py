"""The room's state has one owner: what the operator sets stays set, whenever it is written."""

import threading
from dataclasses import fields, replace

import numpy as np
import pytest

from fluoroview.hal import Access
from fluoroview_simulated.driver.device import DEVICE_ID, SimulatedDetector
from fluoroview_simulated.procedures.base import Control, OperatorActions
from fluoroview_simulated.room.brightness import BrightnessControl
from fluoroview_simulated.room.owner import Room
from fluoroview_simulated.room.state import RoomState

PATIENT_S = 60.0
OTHER = {
    "TubeVoltage": 63.0,
    "TubeCurrent": 11.0,
    "PulseWidth": 7.0,
    "PulseRate": "10",
    "CopperFilter": "0.3",
    "RadiationMode": "continuous fluoroscopy",
    "AcquisitionType": "acquisition",
    "AutomaticBrightnessControl": False,
    "BrightnessCurve": "mA first",
    "DoseLevel": "high",
    "HighLevelControl": True,
    "PositionerPrimaryAngle": 15.0,
    "PositionerSecondaryAngle": -10.0,
    "TableLateralPosition": 20.0,
    "TableVerticalPosition": -10.0,
    "TableLongitudinalPosition": 30.0,
    "PatientPosition": "prone",
    "TableTilt": 10.0,
    "FieldOfView": "200",
    "FieldWidth": 120.0,
    "FieldHeight": 130.0,
    "IrisDiameter": 150.0,
    "AntiScatterGrid": False,
    "FieldContent": "open field",
}
"""Another value for everything that the operator can set during a run."""
NO_SETTINGS = {"TruthFolder", "SkinDoseMapFile", "SkinDoseReset"}


class Sink:
    """Lets the pedal go after `pulses` frames."""

    class _Slot:
        def __init__(self, sink):
            self.pixels, self._sink = np.zeros((512, 512), np.uint16), sink

        def commit(self, _header):
            self._sink.left -= 1
            self._sink.stopping = self._sink.left <= 0
            if self._sink.stopping:
                self._sink.done.set()

    def __init__(self, pulses):
        self.left, self.stopping, self.done, self.errors = pulses, False, threading.Event(), []

    def acquire(self):
        return self._Slot(self)

    def pulse(self, _pulse):
        pass

    def refuse(self, reason):
        self.fail(reason)

    def fail(self, error):
        self.errors.append(error)
        self.done.set()


@pytest.fixture(scope="module")
def device():
    device = SimulatedDetector(DEVICE_ID)
    device.open()
    tree = device.parameters()
    tree.write("Procedure", "phantom")
    tree.write("Matrix", "512")
    device.patient()
    yield device
    device.close()


@pytest.fixture
def at_rest(device):
    """The device as its procedure begins, with the tube cold and the pulses quick."""
    start = replace(RoomState.of("phantom"), size=512, rate_hz=30.0)
    device.room.change(lambda _: start)
    return device


def expose(device, pulses):
    sink = Sink(pulses)
    device.start(sink)
    assert sink.done.wait(PATIENT_S)
    device.stop()
    assert sink.errors == []


def test_the_table_of_settings_is_complete(at_rest):
    written = {
        p.name for p in at_rest.parameters() if p.access is Access.RW and p.name not in NO_SETTINGS
    }
    assert written == set(OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_a_setting_written_while_an_image_is_evaluated_stays(at_rest, monkeypatch, name):
    """The write falls between the control's reading of the room and its answer."""
    tree = at_rest.parameters()
    assert tree[name].read() != OTHER[name]
    evaluate = BrightnessControl.next
    read_back = []

    def evaluate_and_write(self, *args, **kwargs):
        answer = evaluate(self, *args, **kwargs)
        if not read_back:
            read_back.append(tree.write(name, OTHER[name]))
        return answer

    monkeypatch.setattr(BrightnessControl, "next", evaluate_and_write)
    expose(at_rest, 3)
    assert read_back == [OTHER[name]]
    assert tree[name].read() == OTHER[name]
    monkeypatch.setattr(BrightnessControl, "next", evaluate)
    expose(at_rest, 2)
    assert tree[name].read() == OTHER[name]


def test_the_control_changes_no_field_of_the_operator(at_rest):
    before = at_rest.room.state
    expose(at_rest, 4)
    after = at_rest.room.state
    assert after.automatic_factors is not None
    assert after.technique_in_use != before.technique
    changed = {
        f.name for f in fields(RoomState) if getattr(after, f.name) != getattr(before, f.name)
    }
    assert changed == {"automatic_factors", "control", "measured_geometry", "tube", "clock"}


def test_an_answer_to_an_earlier_patient_is_dropped():
    room = Room(RoomState.of("phantom"))
    answer = room.state.answer(room.state.technique, 500.0)
    room.change(lambda s: s.with_patient(case="water-drum"))
    after = room.change(lambda s: s.with_answer(answer))
    assert after.automatic_factors is None
    assert after.control.water_mm is None


def test_an_answer_after_the_operators_own_factor_is_dropped():
    room = Room(RoomState.of("phantom"))
    answer = room.state.answer(room.state.technique, 500.0)
    room.change(lambda s: s.with_factors(kv=90.0))
    after = room.change(lambda s: s.with_answer(answer))
    assert after.technique_in_use.kv == 90.0
    assert after.automatic_brightness is False


def test_own_factors_go_on_from_the_automatic_ones():
    room = Room(RoomState.of("phantom"))
    answer = room.state.answer(room.state.technique, 500.0)
    automatic = room.change(lambda s: s.with_answer(answer)).technique_in_use
    own = room.change(lambda s: s.with_factors(pulse_width_ms=9.0)).technique_in_use
    assert own == replace(automatic, pulse_width_ms=9.0)


def test_changes_from_many_threads_are_all_kept():
    """Each of 8 threads moves the table 200 times; the moves add up."""
    room, begin = Room(RoomState.of("phantom")), threading.Barrier(8)

    def move():
        begin.wait(PATIENT_S)
        for _ in range(200):
            room.change(lambda s: s.with_table(0, s.table_mm(0) + 1.0))

    threads = [threading.Thread(target=move) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT_S)
    assert room.state.table_mm(0) == 1600.0


def test_a_reader_of_the_actions_never_sees_half_of_one():
    """A pulse that reads while the operator records finds each time with its value."""
    control = Control("Advance", "step", "")
    actions, end, seen = OperatorActions([control]), threading.Event(), []

    def read():
        while not end.is_set():
            seen.extend((t, v) for t, v in actions.history("Advance", 1e9)[-2:] if t != v)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(2000):
        actions.record(float(i), "Advance", float(i))
    end.set()
    reader.join(PATIENT_S)
    assert seen == []
    assert actions.value("Advance", 1e9) == 1999.0
