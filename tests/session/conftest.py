"""A session on the ramp driver of tests/installed, in this process, for the session tests."""

import pytest

from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session


class Recorder:
    """What a session reported."""

    def __init__(self, session):
        self.problems, self.alarms, self.tasks = [], [], []
        session.events.problem.connect(self.problems.append)
        session.events.alarm.connect(self.alarms.append)
        session.events.task.connect(self.tasks.append)


@pytest.fixture
def make_session(test_drivers, tmp_path):
    """Return a function that makes a session, connected; all are closed at the end."""
    made = []

    def make(driver="ramp", device="r0", isolation="thread", connect=True, **sections):
        room = Room(
            detector=DetectorSection(driver=driver, device=device, isolation=isolation),
            loop=LoopSection(seconds=2.0, folder=str(tmp_path / "loops")),
        ).model_copy(update=sections)
        session = Session(room)
        session.heard = Recorder(session)
        made.append(session)
        if connect:
            session.connect().result(30)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(make_session):
    return make_session()
