"""The process around the rules: parse, decide, append, react. Dull on purpose."""
