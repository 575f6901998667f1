"""`python -m fluoroview` is the command line."""

import sys

if not sys.flags.safe_path:  # the current folder, which `-m` puts first: code there must not run
    del sys.path[0]

from fluoroview.cli.main import main

main()
