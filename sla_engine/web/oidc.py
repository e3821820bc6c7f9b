"""Login by an OIDC provider (the extra `oidc`): authorization code with PKCE.

The provider says who somebody is, and nothing else: which account that is and what it may do is
known here alone. What is asked of the provider on the way is kept under the digest of `state` for
ten minutes and used once; `state` comes back in a cookie too, so that nobody is signed in by
somebody else's link.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec

from sla_engine.access.chance import Chance, of_machine
from sla_engine.access.sessions import digest_of
from sla_engine.errors import Fault, Refusal, Unavailable, refuse, register
from sla_engine.ports import Secret, Vault
from sla_engine.record import Instant
from sla_engine.settings import Settings
from sla_engine.web.problems import tell

OIDC_OFF = tell(
    register(
        "OIDC_OFF",
        "没有启用统一身份认证登录",
        "logins by an identity provider are not switched on",
        "设置 SLA_ENGINE_OIDC_ISSUER，并安装 sla-engine[oidc]",
        "set SLA_ENGINE_OIDC_ISSUER, and install sla-engine[oidc]",
    ),
    404,
)
OIDC_WRONG = tell(
    register(
        "OIDC_WRONG",
        "统一身份认证未通过（{found}）",
        "the identity provider's answer is not accepted ({found})",
        "从登录页重新开始",
        "begin again at the login page",
    ),
    401,
)
OIDC_AWAY = register(
    "OIDC_AWAY",
    "统一身份认证服务无法访问",
    "the identity provider cannot be reached",
    "稍后再试，或用口令登录",
    "try again later, or sign in by password",
)

CALLBACK = "/login/oidc/callback"
WAY_S = 600
"""How long somebody may take at the provider."""
_KIND = "oidc"
_SECOND = 1_000_000
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_DISCOVERY = "/.well-known/openid-configuration"


class Way(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of somebody who was sent to the provider."""

    nonce: str
    verifier: str
    goes_on: str


class Metadata(msgspec.Struct, frozen=True):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a browser is sent, and what it brings back."""

    address: str
    state: str


class Provider:
    """The identity provider of the settings. Raises `OIDC_OFF` where there is none."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        now: Callable[[], Instant],
        *,
        redirect: str,
        chance: Chance = of_machine,
    ) -> None:
        if not settings.oidc_issuer:
            raise refuse(OIDC_OFF)
        self._settings = settings
        self._vault = vault
        self._now = now
        self._redirect = redirect
        self._chance = chance

    def send(self, goes_on: str) -> Sent:
        """Begin. Raises `OIDC_AWAY`."""
        there = self._metadata()
        state, nonce, verifier = (self._chance(32).hex() for _ in range(3))
        way = msgspec.msgpack.encode(Way(nonce, verifier, goes_on))
        until = self._now() + WAY_S * _SECOND
        self._vault.put(_KIND, digest_of(state), Secret("", way, until))
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client,
            "redirect_uri": self._redirect,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        joined = "&" if "?" in there.authorization_endpoint else "?"
        return Sent(f"{there.authorization_endpoint}{joined}{urlencode(asked)}", state)

    def receive(self, code: str, state: str, kept: str) -> tuple[str, str]:
        """Who came back, by the claim of the settings, and where they go on. `kept`: `state` as the
        browser has it. Raises `OIDC_WRONG`, `OIDC_AWAY`."""
        name = digest_of(state)
        found = self._vault.get(_KIND, name, self._now())
        self._vault.drop(_KIND, name)
        if found is None or not state or state != kept:
            raise refuse(OIDC_WRONG, "", "state")
        way = msgspec.msgpack.decode(found.value, type=Way)
        claims = self._claims(code, way)
        login = claims.get(self._settings.oidc_claim)
        if not isinstance(login, str) or not login:
            raise refuse(OIDC_WRONG, "", self._settings.oidc_claim)
        return login, way.goes_on

    def _claims(self, code: str, way: Way) -> Mapping[str, Any]:
        there = self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "client_id": self._settings.oidc_client,
            "code_verifier": way.verifier,
        }
        if self._settings.oidc_secret:
            form["client_secret"] = self._settings.oidc_secret
        token = self._asked("POST", there.token_endpoint, form).get("id_token")
        if not isinstance(token, str):
            raise refuse(OIDC_WRONG, "", "id_token")
        keys = self._asked("GET", there.jwks_uri)
        return self._verified(token, keys, there.issuer, way.nonce)

    def _verified(
        self, token: str, keys: Mapping[str, Any], issuer: str, nonce: str
    ) -> Mapping[str, Any]:
        try:
            from joserfc import jwt  # noqa: PLC0415  an extra
            from joserfc.errors import JoseError  # noqa: PLC0415
            from joserfc.jwk import KeySet  # noqa: PLC0415
        except ImportError:
            raise refuse(OIDC_OFF) from None
        rules = jwt.JWTClaimsRegistry(
            now=self._now() // _SECOND,
            leeway=60,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._settings.oidc_client},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]  # checked on import
            rules.validate(found.claims)
        except (JoseError, ValueError, KeyError) as error:
            raise refuse(OIDC_WRONG, "", type(error).__name__) from None
        return found.claims

    def _metadata(self) -> Metadata:
        issuer = self._settings.oidc_issuer.rstrip("/")
        told = self._asked("GET", issuer + _DISCOVERY)
        try:
            there = msgspec.convert(told, Metadata)
        except msgspec.ValidationError:
            raise refuse(OIDC_WRONG, "", _DISCOVERY) from None
        if there.issuer.rstrip("/") != issuer:
            raise refuse(OIDC_WRONG, "", "issuer")
        return there

    def _asked(
        self, method: str, address: str, form: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        try:
            answer = httpx2.request(method, address, data=form, timeout=5.0)
            if answer.status_code == httpx2.codes.OK:
                return msgspec.json.decode(answer.content, type=dict[str, Any])
        except httpx2.HTTPError:
            raise Unavailable(Fault(OIDC_AWAY)) from None
        except msgspec.MsgspecError:
            raise refuse(OIDC_WRONG, "", "json") from None
        raise Refusal(Fault(OIDC_WRONG, "", str(answer.status_code)))
