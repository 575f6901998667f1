"""What this package warns of, as a parameter of the device: a damaged file of a patient."""

from __future__ import annotations

import logging

from fluoroview.hal import StrParameter
from fluoroview.hal.roles import Role

POLLING_S = 0.25


class LastWarning(logging.Handler):
    """Keeps the last warning of the package."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.text = record.getMessage()


_last = LastWarning()
logging.getLogger("fluoroview_simulated").addHandler(_last)


def parameter() -> StrParameter:
    """Return the last warning; empty before the first."""
    return StrParameter(
        "StatusMessage",
        lambda: _last.text,
        description="Last warning to the operator.",
        label="Message",
        polling_interval_s=POLLING_S,
        role=Role.STATUS_MESSAGE,
    )
