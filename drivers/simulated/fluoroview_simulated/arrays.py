"""The array types of the simulator, by what their numbers are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
"""Points, directions, distances and volumes: everything that is computed once per pulse."""
Float32Array = NDArray[np.float32]
"""Maps and rows of pixels: everything that is computed once per pixel."""
UInt16Array = NDArray[np.uint16]
"""Pixels, and maps that are kept in small steps."""
Int8Array = NDArray[np.int8]
"""Noise."""
Int32Array = NDArray[np.int32]
"""Fixed-point places in an image."""
IntArray = NDArray[np.integer[Any]]
"""Indices."""
BoolArray = NDArray[np.bool_]
