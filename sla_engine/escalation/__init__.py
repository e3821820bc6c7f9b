"""What a reading leads to: acts planned from clocks, talks that follow from acts."""
