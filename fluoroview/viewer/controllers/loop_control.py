"""Replay: passes the requests of loop bar and menu to the player of what is on the screen."""

from __future__ import annotations

from collections.abc import Callable

from fluoroview.session.playback.player import LoopPlayer
from fluoroview.session.session import Session
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.loop_bar import LoopBar


class LoopControl:
    """Starts, controls and ends a replay; `refresh` shows the result."""

    def __init__(
        self, session: Session, bridge: SessionBridge, bar: LoopBar, refresh: Callable[[], None]
    ) -> None:
        self._session = session
        self._bridge = bridge
        self._refresh = refresh
        bar.replay_requested.connect(self.replay)
        bar.live_requested.connect(self.back_to_live)
        bar.play_requested.connect(lambda play: self._do(lambda p: p.play() if play else p.pause()))
        bar.step_requested.connect(self.step)
        bar.seek_requested.connect(self.seek)
        bar.speed_requested.connect(lambda speed: self._do(lambda p: p.set_speed(speed)))
        bar.sequencing_requested.connect(lambda how: self._do(lambda p: p.set_sequencing(how)))

    def replay(self, last_run_only: bool) -> None:
        """Replay the loop buffer."""
        self._bridge.when_done(
            self._session.replay_loop(last_run_only=last_run_only), lambda _: self.play_from_start()
        )

    def play_from_start(self) -> None:
        """Play what was just opened, if it has more than one frame."""
        player = self._session.player
        if player is not None and player.frame_count > 1:
            player.play()
        self._refresh()

    def toggle_play(self) -> None:
        """Play or pause."""
        self._do(lambda player: player.pause() if player.playing else player.play())

    def step(self, count: int) -> None:
        """Go some frames forward or back."""
        self._do(lambda player: player.step(count))

    def seek(self, index: int) -> None:
        """Go to a frame."""
        self._do(lambda player: player.seek(index))

    def back_to_live(self) -> None:
        """End the replay."""
        self._session.stop_replay()
        self._refresh()

    def _do(self, change: Callable[[LoopPlayer], None]) -> None:
        player = self._session.player
        if player is not None:
            change(player)
            self._refresh()
