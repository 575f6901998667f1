"""`python -m fluoroview.hal.conformance` prints the table of rules of docs/conformance.md."""

from fluoroview.hal.conformance.catalogue import markdown_table

print(markdown_table())
