"""`python -m fluoroview.conformance` prints the table of rules of docs/conformance.md."""

from fluoroview.conformance.catalogue import markdown_table

print(markdown_table())
