"""An IOC for the tests: serves one NTNDArray and obeys commands, one per line.

Pixel (y, x) of image n is (n + x + 10 y) % 200.
"""

import json
import sys
import time

import numpy as np
from p4p.nt import NTNDArray, NTScalar
from p4p.server import Server, StaticProvider
from p4p.server.thread import SharedPV


class Ioc:
    """Serves `name`, an NTNDArray, and `name`:Scalar, which is none."""

    def __init__(self, name):
        self._name = name
        self._type = NTNDArray()
        self._provider = StaticProvider("ioc")
        self._provider.add(f"{name}:Scalar", SharedPV(nt=NTScalar("d"), initial=1.0))
        self._pv = None
        self.reset()
        self._server = Server(providers=[self._provider])

    def reset(self):
        """Serve the PV from the start: without an image, counting from 1."""
        if self._pv is not None:
            self._provider.remove(self._name)
            self._pv.close(destroy=True)
        self._count = 0
        self._pv = SharedPV(initial=self._type.wrap(np.zeros((0, 0), np.uint8)))
        self._provider.add(self._name, self._pv)

    def image(
        self,
        rows=48,
        columns=64,
        dtype="uint16",
        color=0,
        codec="",
        uid=None,
    ):
        y, x = np.indices((rows, columns))
        pixels = ((self._count + x + 10 * y) % 200).astype(dtype)
        if color >= 2:  # grey, as colour
            pixels = np.repeat(np.expand_dims(pixels, 4 - color), 3, axis=4 - color)
        attributes = {"ColorMode": color}
        value = self._type.wrap(pixels, attrib=attributes)
        value.uniqueId = self._count if uid is None else uid
        value.codec.name = codec
        value.dataTimeStamp = {"secondsPastEpoch": 1000, "nanoseconds": self._count}
        return value

    def post(self, times=1, every_s=0.0, step=1, **order):
        for _ in range(times):
            self._count += step
            self._pv.post(self.image(**order))
            time.sleep(every_s)

    def again(self, times, **order):
        for _ in range(times):
            self._pv.post(self.image(**order))


def main():
    ioc = Ioc(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        getattr(ioc, order.pop("do"))(**order)
        print("done", flush=True)


if __name__ == "__main__":
    main()
