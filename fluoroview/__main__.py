"""`python -m fluoroview` is the command line."""

from fluoroview.cli import main

main()
