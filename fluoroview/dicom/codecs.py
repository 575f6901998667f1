"""Which compressed pixels can be decoded here, and what to install for those that cannot.

| transfer syntax                 | package that decodes it      |
|---------------------------------|------------------------------|
| uncompressed, deflated          | none needed                  |
| RLE lossless                    | pydicom itself (slow beyond 512²: pylibjpeg-rle is faster) |
| JPEG baseline, extended, lossless | pylibjpeg pylibjpeg-libjpeg |
| JPEG-LS                         | pyjpegls                     |
| JPEG 2000, HTJ2K                | pylibjpeg pylibjpeg-openjpeg |
| MPEG-2, MPEG-4, HEVC, JPIP, ... | none: convert the file first |
"""

import os

from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import UID

from fluoroview.dicom.errors import DicomError

_PACKAGES = {
    "1.2.840.10008.1.2.4.50": "pylibjpeg pylibjpeg-libjpeg",
    "1.2.840.10008.1.2.4.51": "pylibjpeg pylibjpeg-libjpeg",
    "1.2.840.10008.1.2.4.57": "pylibjpeg pylibjpeg-libjpeg",
    "1.2.840.10008.1.2.4.70": "pylibjpeg pylibjpeg-libjpeg",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.5": "pylibjpeg-rle",
}


def decoder_for(path: str | os.PathLike[str], transfer_syntax: UID) -> Decoder:
    """Return pydicom's decoder, or raise DicomError naming the package to install."""
    try:
        decoder = get_decoder(transfer_syntax)
    except NotImplementedError:
        raise DicomError(
            path,
            f"is stored as {transfer_syntax.name} ({transfer_syntax}), which cannot be decoded.",
            "Export it again uncompressed, or as RLE, JPEG, JPEG-LS or JPEG 2000.",
        ) from None
    if not decoder.is_available:
        packages = _PACKAGES.get(str(transfer_syntax), "")
        raise DicomError(
            path,
            f"is compressed as {transfer_syntax.name}, and its decoder is not installed.",
            f"Run: python -m pip install {packages}" if packages else "",
        )
    return decoder
