"""The three-tier talk (三级约谈): a workflow with its own clocks, from proposal to strike-off."""
