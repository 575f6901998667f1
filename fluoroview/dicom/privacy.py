"""What identifies a person in a DICOM file, kept out of the log."""

import re
from pathlib import Path

from pydicom.dataset import Dataset

from fluoroview.dicom.attributes import value
from fluoroview.logs import keep_out

_IDENTIFYING = (
    "PatientName",
    "PatientID",
    "OtherPatientIDs",
    "PatientBirthDate",
    "PatientAddress",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
)
"""Attributes of PS3.15 table E.1-1 that name a person, or a person's examination."""


def keep_file_out_of_log(path: Path) -> None:
    """Let no later line of the log name this file: names of files can be names of patients."""
    keep_out(path.name, path.stem)


def keep_patient_out_of_log(data: Dataset) -> None:
    """Let no later line of the log hold what identifies the patient of this file."""
    for keyword in _IDENTIFYING:
        found = str(value(data, keyword) or "")
        keep_out(found, *re.split(r"[\^=\\]", found))
