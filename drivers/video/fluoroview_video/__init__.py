"""Frame grabbers, video streams and video files as detectors, through OpenCV's VideoCapture.

`detector` is the driver, `source` says what a device id means, `discovery` finds V4L2 devices,
`capture` is the one place that talks to VideoCapture, `opening` opens a slow one, `image` makes
grey images of video frames (luminance, deinterlacing, crop), `timetable` says when an image of a
file is due, `runs` are the images of one run, `sdk` imports OpenCV.
"""

from fluoroview_video.detector import VideoDetector

__all__ = ["VideoDetector"]
