"""An examination on the ramp driver of tests/installed, in this process, for the exam's tests."""

import pytest

from fluoroview.exam.examination import Examination
from fluoroview.exam.room import DetectorSection, LoopSection, Room


class Recorder:
    """What an examination told."""

    def __init__(self, exam):
        self.problems, self.alarms, self.tasks = [], [], []
        exam.events.problem.connect(self.problems.append)
        exam.events.alarm.connect(self.alarms.append)
        exam.events.task.connect(self.tasks.append)


@pytest.fixture
def make_exam(test_drivers, tmp_path):
    """Return a function that makes an examination, connected; all are closed at the end."""
    made = []

    def make(driver="ramp", device="r0", isolation="thread", connect=True, **sections):
        room = Room(
            detector=DetectorSection(driver=driver, device=device, isolation=isolation),
            loop=LoopSection(seconds=2.0, folder=str(tmp_path / "loops")),
        ).model_copy(update=sections)
        exam = Examination(room)
        exam.heard = Recorder(exam)
        made.append(exam)
        if connect:
            exam.connect().result(30)
        return exam

    yield make
    for exam in made:
        exam.close()


@pytest.fixture
def exam(make_exam):
    return make_exam()
