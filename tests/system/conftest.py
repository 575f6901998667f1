"""The whole program: the real window, the real drivers, real processes."""

import pytest

from fluoroview.exam.events import Mode
from fluoroview.exam.examination import Examination
from fluoroview.exam.room import DetectorSection, LoopSection, Room
from fluoroview.hal.testing import until


@pytest.fixture
def make_exam(tmp_path):
    """Return a function that makes a connected examination on an installed driver."""
    made = []

    def make(driver="simulated", device="", isolation="process", **parameters):
        room = Room(
            detector=DetectorSection(
                driver=driver, device=device, isolation=isolation, parameters=parameters
            ),
            loop=LoopSection(seconds=5.0, folder=str(tmp_path / "loops")),
        )
        exam = Examination(room)
        exam.problems = []
        exam.events.problem.connect(lambda problem: exam.problems.append(problem.sentence))
        made.append(exam)
        exam.connect().result(30)
        return exam

    yield make
    for exam in made:
        exam.close()


@pytest.fixture
def run_of():
    """Return a function that makes one run of at least `frames` frames."""

    def run(exam, frames):
        runs = len(exam.runs)
        exam.press_pedal()
        until(lambda: exam.snapshot().mode is Mode.LIVE)
        until(lambda: exam.snapshot().run_frames >= frames)
        exam.release_pedal()
        until(lambda: len(exam.runs) > runs)
        return exam.runs[-1]

    return run
