"""What the kill tests run in processes of their own: a courier that works until it is killed."""

import threading
from contextlib import suppress
from multiprocessing.synchronize import Event
from os import getpid

from sla_engine.clock import SystemClock
from sla_engine.delivery.channel import Channel
from sla_engine.delivery.redis_stream import RedisStream
from sla_engine.delivery.settings import Endpoint
from sla_engine.delivery.webhook import Webhook
from sla_engine.errors import Conflict, Unavailable
from sla_engine.streams.client import connect
from tests.conformance.delivery.city import HASTY, courier
from tests.conformance.delivery.receiver import SECRET
from tests.conformance.store.samples import open_address


def endpoint_of(kind: str, url: str) -> Endpoint:
    if kind == "webhook":
        return Endpoint(name="out", kind="webhook", url=url, secrets=(SECRET,), since="start")
    return Endpoint(name="out", kind="stream", url=url, since="start")


def channel_of(endpoint: Endpoint) -> Channel:
    if endpoint.kind == "webhook":
        return Webhook(endpoint)
    return RedisStream(endpoint, connect(endpoint.url, "test", timeout_s=1.1), HASTY)


def work(address: str, kind: str, url: str, ready: Event) -> None:
    log, endpoint = open_address(address), endpoint_of(kind, url)
    ours = courier(log, endpoint, channel_of(endpoint), SystemClock(), seed=getpid())
    ready.set()
    while True:
        wait = 0.05
        with suppress(Unavailable, Conflict):
            wait = ours.step().wait
        if wait:
            threading.Event().wait(0.02)
