"""What every GenICam driver needs from the Standard Features Naming Convention (SFNC 2.x).

Which features belong to the HAL and not to the user, which ones change the image's layout, and
the units that the convention fixes where a device leaves them out.
"""

# The HAL starts, stops and locks; a feature that restarts the device would disconnect it.
_OF_THE_HAL = {
    "AcquisitionStart",
    "AcquisitionStop",
    "AcquisitionAbort",
    "AcquisitionArm",
    "AcquisitionMode",
    "DeviceFeaturePersistenceEnd",
    "DeviceFeaturePersistenceStart",
    "DeviceRegistersStreamingEnd",
    "DeviceRegistersStreamingStart",
    "DeviceReset",
    "TLParamsLocked",
}
# These change the size or layout of the image, whether or not the device locks them while it
# streams (genicam's viky.cti does not lock its Width, nor does the camera of aravis-tools).
_LAYOUT = {
    "Width",
    "Height",
    "OffsetX",
    "OffsetY",
    "PixelFormat",
    "GenDCStreamingMode",
    "ComponentSelector",
    "ComponentEnable",
    "ChunkModeActive",
    "ChunkEnable",
    "RegionMode",
    "ImageCompressionMode",
    "UserSetLoad",
}
_LAYOUT_BEGINNINGS = ("Binning", "Decimation", "GevSCPS")
_PIXELS = ("Width", "Height", "WidthMax", "HeightMax", "SensorWidth", "SensorHeight")
_UNITS = {
    **dict.fromkeys((*_PIXELS, "OffsetX", "OffsetY"), "px"),
    "AcquisitionFrameRate": "Hz",
    "AcquisitionLineRate": "Hz",
    "DeviceLinkThroughputLimit": "B/s",
    "DeviceTemperature": "°C",
    "ExposureTime": "µs",
    "GevSCPSPacketSize": "B",
    "PayloadSize": "B",
    "ResultingFrameRate": "Hz",  # Basler's own
    "TriggerDelay": "µs",
}
_SPELT_OTHERWISE = {"us": "µs", "Bps": "B/s"}
# Names of SFNC 1.x that devices in use still have, and their present ones: same value, same unit.
_RENAMED = {
    "AcquisitionFrameRateAbs": "AcquisitionFrameRate",
    "BlackLevelAbs": "BlackLevel",
    "DeviceID": "DeviceSerialNumber",
    "ExposureTimeAbs": "ExposureTime",
    "GainAbs": "Gain",
    "ResultingFrameRateAbs": "ResultingFrameRate",  # Basler's own
    "TriggerDelayAbs": "TriggerDelay",
}


def belongs_to_hal(name: str) -> bool:
    """Return whether a feature controls the stream, which the HAL does."""
    return name in _OF_THE_HAL


def changes_layout(name: str) -> bool:
    """Return whether a feature changes the size or layout of the image: written only when idle."""
    return name in _LAYOUT or name.startswith(_LAYOUT_BEGINNINGS)


def unit_of(name: str, stated: str = "") -> str:
    """Return the unit of a feature: what the device states, else what the convention fixes."""
    return _SPELT_OTHERWISE.get(stated, stated) or _UNITS.get(name, "")


def present_name(name: str) -> str:
    """Return the present name of a feature with another name in SFNC 1.x; else the same name."""
    return _RENAMED.get(name, name)
