"""What this package warns of, as a parameter of the device: a patient's file that was damaged."""

from __future__ import annotations

import logging

from fluoroview.hal import StrParameter


class Notices(logging.Handler):
    """Keeps the last warning of the whole package."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep its words."""
        self.text = record.getMessage()


_notices = Notices()
logging.getLogger("fluoroview_simulated").addHandler(_notices)


def parameter() -> StrParameter:
    """The last warning; empty as long as there was none."""
    return StrParameter(
        "StatusMessage", lambda: _notices.text, description="what the operator should know of"
    )
