"""The roster of a region (名录): who holds which role for what, from when to when."""
