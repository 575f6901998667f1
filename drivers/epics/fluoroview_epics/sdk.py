"""The import of p4p, which may be missing, and a client that is made with it."""

from typing import Any

from fluoroview.hal.sdk.driver_errors import requires


def client() -> Any:
    """Return a pvAccess client, to be closed by the caller; EPICS_PVA_* variables configure it.

    Raises DriverError with the line that installs p4p.
    """
    with requires("epics", "p4p", "Install it with: pip install p4p"):
        from p4p.client.thread import Context
    return Context("pva", nt=False)
