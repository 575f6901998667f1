"""Errors that reach a user: each is one or two sentences.

What happened, with which device, file or key, what is allowed, what to do.
"""


class FluoroError(Exception):
    """Base of every error whose text may be shown to a user as it stands.

    `what` states what happened and to which device, file or key; `remedy` states what to do;
    `code` is stable ("FV-HAL-012"): the sentence may change or be translated, the code does not.
    """

    def __init__(self, what: str, remedy: str = "", device: str = "", *, code: str = "") -> None:
        self.what = what
        self.remedy = remedy
        self.device = device
        self.code = code
        super().__init__(f"{what} {remedy}".strip())


class DriverError(FluoroError):
    """A driver is missing, cannot be imported, or broke its contract."""


class DeviceError(FluoroError):
    """A device is gone, refuses, failed or missed a deadline."""


class StateError(FluoroError):
    """A call that the present state of the device does not allow."""


def ended(sentence: str) -> str:
    """Return a driver's sentence with a full stop, where it has no end of its own."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
