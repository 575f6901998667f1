"""What the author of a dose meter's driver implements: `DoseMeter`.

A meter tells increments: what it measured since it told last, as a `Pulse` record without
technique, `pulse_index` -1 and origin MEASURED (of a simulated meter: SIMULATED). The examination
then takes kerma-area product, air kerma or both from the meter, and no longer from what the source
says of its pulses.
"""

from fluoroview.hal.device import Device
from fluoroview.hal.frame import NAN, DoseOrigin, Exposure, Pulse
from fluoroview.hal.sink import FrameSink


class DoseMeter(Device):
    """A KAP or air-kerma meter. It runs as long as it is connected, pedal or not."""

    kind = "dose meter"


def tell(
    sink: FrameSink,
    host_time_ns: int,
    *,
    kap_ugym2: float = NAN,
    air_kerma_ugy: float = NAN,
    origin: DoseOrigin = DoseOrigin.MEASURED,
) -> None:
    """Tell what was measured since the last time; NaN for what this meter does not measure."""
    sink.pulse(Pulse(-1, host_time_ns, Exposure(), air_kerma_ugy, kap_ugym2, origin))
