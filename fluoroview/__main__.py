"""`python -m fluoroview` is the command line."""

from fluoroview.cli.main import main

main()
