"""What `fluoroview bench` runs: one module for each subject, each with `run` and `table`."""
