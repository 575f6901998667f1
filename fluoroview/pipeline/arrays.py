"""The array types that the stages exchange."""

from typing import Any

import numpy as np
import numpy.typing as npt

Raw = npt.NDArray[Any]
"""A detector's frame: (H, W) uint8 or uint16."""
Plane = npt.NDArray[np.float32]
"""A frame on its way through the stages: (H, W) float32, detector counts."""
Image = npt.NDArray[np.uint16]
"""The image that the chain writes: (H, W) uint16 counts."""
Grey = npt.NDArray[np.uint8]
"""The greys of a screen: (H, W) uint8."""
Mask = npt.NDArray[np.bool_]
"""(H, W) bool."""
