"""The log as files for process mining (XES, OCEL 2.0, CSV, Parquet), and back again.

Every format carries every event in words of its own, with exact times, so that what was exported
whole can be read into an empty store and is the same log, byte by byte. Personal data is not in
the log and therefore in no export.
"""
