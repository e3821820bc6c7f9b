"""A second, small program that checks derivations: nothing of the engine is used, only Python's own
library, so that somebody who trusts neither the engine nor its authors can read all of it.
"""
