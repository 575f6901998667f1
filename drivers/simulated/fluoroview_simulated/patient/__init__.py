"""The patient at rest: path lengths of soft tissue and bone through head and neck."""
