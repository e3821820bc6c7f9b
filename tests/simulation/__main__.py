"""`python -m tests.simulation --seed 7`: one history again, with what went wrong in it."""

import argparse
import sys

from tests.simulation.installation import History, Installation, repeat


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="of the first history")
    parser.add_argument("--histories", type=int, default=1, help="how many seeds from there")
    parser.add_argument("--petitions", type=int, default=5)
    parser.add_argument("--quiet", action="store_true", help="without what went wrong on the way")
    given = parser.parse_args()
    flawed = 0
    for seed in range(given.seed, given.seed + given.histories):
        history = Installation(seed, given.petitions).run()
        show(history, given.quiet)
        flawed += bool(history.flaws)
    return 1 if flawed else 0


def show(history: History, quiet: bool) -> None:
    if not quiet:
        print("\n".join(history.story))
    print(repeat(history.seed))
    print(
        f"trace {history.trace}: {history.facts} facts in {history.sent} sends "
        f"({history.repeated} answered again), {history.events} events, {history.deaths} deaths"
    )
    print("\n".join(history.flaws) or "no flaw")


if __name__ == "__main__":
    sys.exit(main())
