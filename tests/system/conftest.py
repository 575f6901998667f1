"""The whole program: the real window, the real drivers, real processes."""

import pytest

from fluoroview.hal.testing import until
from fluoroview.session.events import Mode
from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session


@pytest.fixture
def make_session(tmp_path):
    """Return a function that makes a connected session on an installed driver."""
    made = []

    def make(driver="simulated", device="", isolation="process", **parameters):
        room = Room(
            detector=DetectorSection(
                driver=driver, device=device, isolation=isolation, parameters=parameters
            ),
            loop=LoopSection(seconds=5.0, folder=str(tmp_path / "loops")),
        )
        session = Session(room)
        session.problems = []
        session.events.problem.connect(lambda problem: session.problems.append(problem.sentence))
        made.append(session)
        session.connect().result(30)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture
def run_of():
    """Return a function that makes one run of at least `frames` frames."""

    def run(session, frames):
        runs = len(session.runs)
        session.press_pedal()
        until(lambda: session.snapshot().mode is Mode.LIVE)
        until(lambda: session.snapshot().run_frames >= frames)
        session.release_pedal()
        until(lambda: len(session.runs) > runs)
        return session.runs[-1]

    return run
