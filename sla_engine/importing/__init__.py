"""Event logs of other systems (CSV, XES) become petitions.

A mapping file says which column is what. Readers turn a file into matters, `convert` turns a
matter into submissions, the handler takes them as history, and the report says what became of
every row and how the clocks stand.
"""
