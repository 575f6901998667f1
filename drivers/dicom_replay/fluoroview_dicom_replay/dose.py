"""What a recorded file lets each of its frames say as a pulse."""

import math

from fluoroview.dicom import DicomCine
from fluoroview.hal import DoseOrigin, Pulse

_UGY_PER_MGY = 1000.0
_UGYM2_PER_GYCM2 = 100.0


def recorded_pulse(
    cine: DicomCine, frame: int, pulse_index: int, host_time_ns: int, *, again: bool
) -> Pulse:
    """Return frame `frame` as a pulse: its technique, and its even share of the file's dose.

    `again`: the frame was shown before in this run; it then adds a dose of 0, because nothing
    more was recorded. NaN stays NaN.
    """
    share = (0.0 if again else 1.0) / cine.frame_count
    dose = cine.dose
    known = not (math.isnan(dose.entrance_mgy) and math.isnan(dose.kap_gycm2))
    return Pulse(
        pulse_index,
        host_time_ns,
        cine.exposure(frame),
        air_kerma_ugy=dose.entrance_mgy * _UGY_PER_MGY * share,
        kap_ugym2=dose.kap_gycm2 * _UGYM2_PER_GYCM2 * share,
        origin=DoseOrigin.RECORDED if known else DoseOrigin.NOT_AVAILABLE,
    )
