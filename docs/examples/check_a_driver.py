"""Check two rules of the contract on a driver, as `fluoroview check` does for all."""

import fluoroview as fv

report = fv.check("pattern", rules=["loads", "frame-size"], effort="quick")
print(report.summary)
