"""What a device id means: a frame grabber, a network stream, or a file."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fluoroview.hal import DeviceError

_GRABBER = re.compile(r"(?:/dev/video)?(\d+)")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
FORMS = (
    "Give the path of a video file, /dev/videoN or N for a frame grabber, or a URL such as "
    "rtsp://host/stream."
)


class Kind(StrEnum):
    """Where video comes from."""

    GRABBER = "grabber"
    STREAM = "stream"
    FILE = "file"


@dataclass(frozen=True)
class Source:
    """One source of video; `target` is an index, a URL or an absolute path."""

    kind: Kind
    target: int | str

    @property
    def name(self) -> str:
        """What sentences call it."""
        return f"/dev/video{self.target}" if self.kind is Kind.GRABBER else str(self.target)

    @property
    def is_live(self) -> bool:
        """Whether images come in their own time."""
        return self.kind is not Kind.FILE

    def exists(self) -> bool:
        """Whether a file or a grabber's device node is there; a stream is not asked."""
        return self.kind is Kind.STREAM or Path(self.name).exists()


def parse(device_id: str) -> Source:
    """Return the source that `device_id` names; raises DeviceError for an empty one."""
    if not device_id:
        raise DeviceError("The video driver was given no device.", FORMS, code="FV-VID-015")
    if (grabber := _GRABBER.fullmatch(device_id)) is not None:
        return Source(Kind.GRABBER, int(grabber[1]))
    if _URL.match(device_id):
        return Source(Kind.STREAM, device_id)
    return Source(Kind.FILE, str(Path(device_id).expanduser().absolute()))
