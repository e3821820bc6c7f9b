"""Accounts and keys as the log has them by now."""

from collections.abc import Iterator

from sla_engine.access import account, key
from sla_engine.access.account import Account
from sla_engine.access.events import ACCOUNT, KEY
from sla_engine.access.key import Key
from sla_engine.access.table import Table
from sla_engine.ports import Log


class Rights:
    """What was folded stays in the process, and only what is new is read: a right that was taken
    away is gone with the next request, in every process. Several threads may use it."""

    def __init__(self, log: Log, table: Table) -> None:
        self.table = table
        self._log = log
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, Key] = {}

    def account(self, name: str) -> Account:
        """The account of that name; one that is "new" where there is none."""
        known = self._accounts.get(name) or Account(name)
        if not account.NAME.fullmatch(name):
            return known
        if news := self._log.read(ACCOUNT + name, known.version):
            known = self._accounts[name] = account.fold(known, news)
        return known

    def key(self, id_: str) -> Key:
        """The key of that id; one that is "new" where there is none."""
        known = self._keys.get(id_) or Key(id_)
        if news := self._log.read(KEY + id_, known.version):
            known = self._keys[id_] = key.fold(known, news)
        return known

    def all_accounts(self) -> Iterator[Account]:
        """Every account there ever was, by name."""
        for stream in self._log.streams(ACCOUNT):
            yield self.account(stream.removeprefix(ACCOUNT))

    def all_keys(self) -> Iterator[Key]:
        """Every key there ever was, by id."""
        for stream in self._log.streams(KEY):
            yield self.key(stream.removeprefix(KEY))

    def of_login(self, login: str) -> Account | None:
        """The account that is not closed and has this name at the OIDC provider."""
        gone = ("closed", "rejected")
        found = (each for each in self.all_accounts() if each.login == login)
        return next((each for each in found if login and each.state not in gone), None)
