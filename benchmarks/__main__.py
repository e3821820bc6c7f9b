"""`python -m benchmarks [--small] [--json] [--rounds N] [word ...]`: run the claims and print."""

import argparse
import json
import sys

from benchmarks.harness import as_dicts, as_table, claims, machine, run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="sizes that only prove agreement")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument(
        "--rounds", type=int, help="rounds to take the best of (default: the claim's)"
    )
    parser.add_argument("words", nargs="*", help="only claims whose name contains one of these")
    options = parser.parse_args(arguments)
    rows = [
        row
        for claim in claims()
        if not options.words or any(word in claim.name for word in options.words)
        for row in run(
            claim,
            claim.small if options.small else claim.canonical,
            options.rounds or claim.rounds,
        )
    ]
    if options.json:
        print(json.dumps({"machine": machine(), "rows": as_dicts(rows)}, ensure_ascii=False))
    else:
        print(", ".join(f"{name} {value}" for name, value in machine().items()))
        print(as_table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
