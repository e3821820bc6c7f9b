"""Signed webhooks (Standard Webhooks): one POST for each parcel.

The address is judged by where it leads, each time, and the request goes to the very address that
was judged: a name that is made to point into the private network an instant later gains nothing.
"""

import base64
import hashlib
import hmac
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx2

from sla_engine.delivery.channel import Outcome, Result
from sla_engine.delivery.message import Parcel
from sla_engine.delivery.settings import SECOND, Endpoint, key_of
from sla_engine.errors import refuse, register
from sla_engine.record import Instant

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port -> addresses. Raises OSError."""

URL_NOT_ALLOWED = register(
    "URL_NOT_ALLOWED",
    "端点地址不可用（{found}）；应为 {allowed}",
    "this address is not allowed ({found}); it should be {allowed}",
)

_REFUSING = frozenset({400, 405, 406, 411, 413, 414, 415, 417, 422})
"""Answers by which the receiver says that it will never take this body."""
_AWAY = frozenset({429, 502, 503, 504})
_UNCONNECTED = frozenset({"ConnectError", "ConnectTimeout"})
_BODY_LIMIT = 16_384


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a host, as the machine knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Webhook:
    """A receiver at a URL. Raises `URL_NOT_ALLOWED` when it is made for one that cannot be right:
    https anywhere, http on this machine alone."""

    batch = 1

    def __init__(self, endpoint: Endpoint, resolve: Resolve = resolve) -> None:
        self._url = _checked(endpoint.url)
        self._keys = [key_of(secret) for secret in endpoint.secrets]
        self._private = endpoint.private or _loopback(self._url.host)
        self._resolve = resolve
        self._client = httpx2.Client(
            timeout=endpoint.timeout_s,
            follow_redirects=False,
            trust_env=False,
            # Authorities that this machine trusts: offices have their own.
            verify=ssl.create_default_context(),
        )

    def open(self, token: str) -> str:
        return token

    def close(self) -> None:
        self._client.close()

    def send(self, parcels: Sequence[Parcel], token: str, now: Instant) -> list[Outcome]:
        return [self._post(parcel, now) for parcel in parcels]

    def _post(self, parcel: Parcel, now: Instant) -> Outcome:
        body = parcel.body()
        headers = {
            "content-type": "application/json",
            "host": self._url.netloc.decode("ascii"),
            **signed(parcel.id, now // SECOND, body, self._keys),
        }
        try:
            outcome = Outcome(Result.FAILED, "ADDRESS_PRIVATE", away=True)
            for url in self._routes():
                outcome = self._try(url, headers, body, now)
                if outcome.reason not in _UNCONNECTED:
                    break
        except (OSError, ValueError) as error:
            return Outcome(Result.FAILED, type(error).__name__, away=True)
        return outcome

    def _try(
        self, url: httpx2.URL, headers: Mapping[str, str], body: bytes, now: Instant
    ) -> Outcome:
        extensions = {"sni_hostname": self._url.host}
        try:
            with self._client.stream(
                "POST", url, content=body, headers=headers, extensions=extensions
            ) as response:
                _drain(response)
                return judged(response.status_code, response.headers.get("retry-after", ""), now)
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            return Outcome(Result.FAILED, type(error).__name__, away=True)

    def _routes(self) -> Iterator[httpx2.URL]:
        """The address with the host as a number, once for each number that is allowed."""
        url = self._url
        port = url.port or (443 if url.scheme == "https" else 80)
        for text in self._resolve(url.host, port):
            if self._private or public(text):
                yield url.copy_with(host=f"[{text}]" if ":" in text else text)


def signed(name: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Headers of Standard Webhooks: one signature for each key, so that a receiver that knows
    either the old secret or the new one is content."""
    text = f"{name}.{timestamp}.".encode() + body
    signatures = (hmac.new(key, text, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(each).decode('ascii')}" for each in signatures
        ),
    }


def judged(status: int, retry_after: str, now: Instant) -> Outcome:
    """What an answer means for the parcel. A redirection is not followed, so it is a failure."""
    if 200 <= status < 300:
        return Outcome(Result.DELIVERED)
    reason = f"HTTP_{status}"
    if status == 410:
        return Outcome(Result.GONE, reason, away=True)
    if status in _REFUSING:
        return Outcome(Result.REFUSED, reason)
    return Outcome(Result.FAILED, reason, asked(retry_after, now), away=status in _AWAY)


def asked(retry_after: str, now: Instant) -> Instant:
    """How long a receiver asks to be left alone, in µs: seconds or a date; 0 if it says neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return int(retry_after[:9]) * SECOND
    try:
        until = parsedate_to_datetime(retry_after)
        return max(0, int(until.timestamp()) * SECOND - now)
    except (ValueError, OverflowError):
        return 0


def public(address: str) -> bool:
    """Whether an address belongs to the open network, in whatever form it is written."""
    at = ip_address(address.partition("%")[0])
    if isinstance(at, IPv6Address):
        at = _inner(at)
    return at.is_global and not at.is_multicast


def _inner(at: IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if at.packed.startswith(_NAT64):
        return IPv4Address(at.packed[-4:])
    return at.ipv4_mapped or at.sixtofour or at


_NAT64 = IPv6Address("64:ff9b::").packed[:12]


def _checked(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise refuse(URL_NOT_ALLOWED, "url", error, "https://HOST/PATH") from None
    plain = url.scheme == "http" and _loopback(url.host)
    if not url.host or url.userinfo or not (url.scheme == "https" or plain):
        shown = f"{url.scheme}://{url.host}"
        raise refuse(URL_NOT_ALLOWED, "url", shown, "https://HOST/PATH, http://127.0.0.1/PATH")
    return url


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _drain(response: httpx2.Response) -> None:
    """Read what little there is, so that the connection can be used again; a long answer is cut."""
    if int(response.headers.get("content-length") or 0) > _BODY_LIMIT:
        return
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > _BODY_LIMIT:
            return
