"""A device that makes no pulse reports why; that is not a fault."""

import threading

from fluoroview.hal import (
    Detector,
    DeviceHost,
    DeviceState,
    EnumParameter,
    IntParameter,
    ParameterTree,
)


class HotTube(Detector):
    """Refuses every run."""

    @classmethod
    def discover(cls):
        return []

    def open(self):
        pass

    def parameters(self):
        return ParameterTree(
            [
                IntParameter("Width", lambda: 8),
                IntParameter("Height", lambda: 8),
                EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
            ]
        )

    def start(self, sink):
        sink.refuse("The tube is too hot: wait 40 s.")

    def stop(self):
        pass

    def close(self):
        pass


def test_a_refusal_is_reported_and_the_device_stays_fit():
    refusals, came = [], threading.Event()

    def refuse(error):
        refusals.append(error)
        came.set()

    faults = []
    host = DeviceHost(
        "hot", "tube", "thread", driver_class=HotTube, on_fault=faults.append, on_refuse=refuse
    )
    host.open()
    host.arm()
    host.start()
    assert came.wait(5)
    ledger = host.stop()
    assert faults == []
    assert host.state is DeviceState.ARMED
    assert ledger.delivered == 0
    assert "hot:tube" in str(refusals[0])
    assert "wait 40 s" in str(refusals[0])
    host.disarm()
    host.close()
