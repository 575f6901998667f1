"""A replay begins: it is known as one before its first picture comes."""

from fluoroview.exam.events import Mode
from fluoroview.hal.testing import until


def test_the_first_picture_of_a_replay_is_never_seen_without_its_replay(exam):
    exam.press_pedal()
    until(lambda: exam.snapshot().run_frames >= 5)
    exam.release_pedal()
    until(lambda: (picture := exam.take_picture()) and picture.mode is Mode.HOLD)
    begin, seen = exam._replays.begin, []

    def slowly(opened):
        exam.events.picture_ready.connect(note)
        begin(opened)
        exam._replays.current.player._wake.wait(0.2)  # so long a picture would have time to come

    def note():
        now = exam.snapshot()
        seen.append((now.mode, now.replay is not None))

    exam._replays.begin = slowly
    exam.replay_loop().result(30)
    until(lambda: bool(seen))
    assert set(seen) == {(Mode.REPLAY, True)}
