"""What the author of a dose meter's driver implements: `DoseMeter`.

A meter reports increments: what it measured since its last report, as a `Pulse` record without
exposure factors, `pulse_index` -1 and origin MEASURED (of a simulated meter: SIMULATED). The
session then takes kerma-area product, air kerma or both from the meter instead of the generator.
"""

from fluoroview.hal.device import Device, DeviceKind
from fluoroview.hal.frame import NAN, DoseOrigin, Exposure, Pulse
from fluoroview.hal.sink import FrameSink


class DoseMeter(Device):
    """A KAP or air-kerma meter. It runs as long as it is connected, pedal or not."""

    kind = DeviceKind.DOSE_METER


def report_reading(
    sink: FrameSink,
    host_time_ns: int,
    *,
    kap_ugym2: float = NAN,
    air_kerma_ugy: float = NAN,
    origin: DoseOrigin = DoseOrigin.MEASURED,
) -> None:
    """Report what was measured since the last report; NaN for what this meter does not measure."""
    sink.pulse(Pulse(-1, host_time_ns, Exposure(), air_kerma_ugy, kap_ugym2, origin))
