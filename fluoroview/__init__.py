"""FluoroView: a real-time fluoroscopy viewer on a hardware abstraction layer.

Not a medical device.
"""

__version__ = "0.1.0"
