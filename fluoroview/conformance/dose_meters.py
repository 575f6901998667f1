"""Dose meters: what a reading may contain."""

import math
from collections.abc import Iterator

from fluoroview.conformance.probe import ReportedPulse
from fluoroview.conformance.pulse_reporting import begin, reported_in_time
from fluoroview.conformance.pulses import value_fault
from fluoroview.conformance.rig import until
from fluoroview.conformance.trial import METER, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, judged, warned
from fluoroview.hal.frame import DoseOrigin

READINGS = Rule(
    "meter-readings",
    "Readings are increments of KAP or air kerma, finite and not negative or NaN (not available), "
    "MEASURED or SIMULATED, at the host's time, without pulse index and exposure factors.",
    "Increments are added up: one bad figure spoils the dose of the whole session.",
)
_AT_LEAST = 3
_PATIENCE_S = 3.0


def _measuring(context: TrialContext) -> Iterator[Finding]:
    with context.open_rig() as rig:
        rig.arm()
        begin(rig)
        until(lambda: bool(rig.log.failures), context.effort.stream_s)
        until(lambda: len(rig.log.pulses) >= _AT_LEAST or bool(rig.log.failures), _PATIENCE_S)
        rig.stop()
        reported, failures = reported_in_time(rig), rig.log.failures
    if failures:
        yield failed(READINGS.id, f"The driver reported: {failures[0]}")
    elif not reported:
        yield warned(READINGS.id, "The meter reported nothing; place it in a beam.")
    else:
        yield judged(
            READINGS.id,
            [fault for entry in reported if (fault := _fault(entry))],
            f"{len(reported)} readings, origin {reported[0].pulse.origin}.",
        )


def _fault(entry: ReportedPulse) -> str:
    reading = entry.pulse
    if reading.pulse_index != -1:
        return f"A reading has the pulse index {reading.pulse_index}; readings of a meter have -1."
    if math.isnan(reading.kap_ugym2) and math.isnan(reading.air_kerma_ugy):
        return "A reading contains neither KAP nor air kerma."
    if reading.origin not in (DoseOrigin.MEASURED, DoseOrigin.SIMULATED):
        return f"A reading has the origin {reading.origin}; allowed are MEASURED and SIMULATED."
    if not math.isnan(reading.exposure.tube_voltage_kv):
        return f"A reading states exposure factors ({reading.exposure.tube_voltage_kv:g} kV)."
    return value_fault(entry).replace("Pulse -1", "A reading")


MEASURING = Trial(
    "readings",
    _measuring,
    (READINGS,),
    needs=("open-close",),
    kinds=(METER,),
)
