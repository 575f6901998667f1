"""A replay begins: it is known as one before its first image comes."""

from fluoroview.hal.testing import until
from fluoroview.session.events import Mode


def test_the_first_image_of_a_replay_is_never_seen_without_its_replay(session):
    session.press_pedal()
    until(lambda: session.snapshot().run_frames >= 5)
    session.release_pedal()
    until(lambda: (image := session.take_image()) and image.mode is Mode.HOLD)
    session.settled().result(30)
    seen = []

    def note():
        now = session.snapshot()
        seen.append((now.mode, now.replay is not None))

    session.events.image_ready.connect(note)
    session.replay_loop().result(30)
    until(lambda: bool(seen))
    assert set(seen) == {(Mode.REPLAY, True)}
