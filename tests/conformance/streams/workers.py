"""A consumer in a process of its own: `python -m tests.conformance.streams.workers STORE REDIS NAME
[KEY]`. It takes what comes until it is killed; the fact with that KEY kills it by itself."""

import os
import sys
from collections.abc import Sequence

from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.writer import Writer
from tests.conformance.streams.desk import HASTY, consumer, filing, opened, step


def main(store: str, redis: str, name: str, deadly: str = "") -> None:
    with opened(store) as log:
        record = filing(log)

        def take(submissions: Sequence[Submission]) -> list[Outcome]:
            if deadly and any(each.key == deadly for each in submissions):
                os.abort()
            return record(submissions)

        terms = HASTY._replace(patience_s=60, tries=3 if deadly else 1_000)
        with Writer(take) as writer, consumer(redis, writer.submit, name, terms) as intake:
            print("ready", flush=True)
            while True:
                step(intake)


if __name__ == "__main__":
    main(*sys.argv[1:])
