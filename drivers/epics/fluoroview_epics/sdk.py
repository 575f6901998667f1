"""The import of p4p, which may be missing, and a client that is made with it."""

from typing import Any

from fluoroview.hal import DriverError


def client() -> Any:
    """Return a pvAccess client, to be closed by the caller; EPICS_PVA_* variables configure it.

    Raises DriverError with the line that installs p4p.
    """
    try:
        from p4p.client.thread import Context
    except ImportError as error:
        raise DriverError(
            f"The epics driver needs p4p, which cannot be imported: {error}.",
            "Install it with: pip install p4p",
            "epics",
            code="FV-EPX-012",
        ) from error
    return Context("pva", nt=False)
