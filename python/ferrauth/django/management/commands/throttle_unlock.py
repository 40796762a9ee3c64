"""``manage.py throttle_unlock``: forget what was counted against an account, an address, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from ferrauth.accounts import throttling
from ferrauth.accounts.addresses import network_of
from ferrauth.accounts.effects import Action, LoadUser, Reserve
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.accounts.throttling import Scope
from ferrauth.django import users
from ferrauth.django.conf import get_counter_secret, get_settings
from ferrauth.django.counters import get_counters, place

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Counters have keyed names, so what is unlocked is named and not searched for."""

    help = "Forget the attempts counted against an account (by login identifier), from an address, or both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the account, and ``--address``."""
        parser.add_argument("account", nargs="?", help="what the user logs in with")
        parser.add_argument("--address", help="an IP address; with an account, what was tried on it from there")

    def handle(self, *args: Any, account: str | None, address: str | None, **options: Any) -> None:  # noqa: ARG002
        """Forget counters of every action."""
        settings = get_settings()
        network = network_of(address or "", ipv6_prefix=settings.ipv6_prefix)
        if account is None and address is None:
            raise CommandError("Name an account, an --address, or both.")
        if address is not None and not network:
            raise CommandError(f"{address!r} is no IP address.")
        if place(settings) == "local":
            raise CommandError("Attempts are counted in the memory of each process: restart it to forget them.")
        keys = sorted(_keys(account, address, network))
        try:
            forgotten = get_counters().reset(keys)
        except Exception as error:
            # What a place to count fails with is its own; its words may quote a URL.
            raise CommandError(f"The counters cannot be reached ({type(error).__name__}).") from None
        self.stdout.write(f"Forgot {forgotten} of {len(keys)} counters.")


def _keys(account: str | None, address: str | None, network: str) -> set[str]:
    scopes = set()
    if account is not None:
        scopes |= {Scope.ACCOUNT}
    if address is not None:
        scopes |= {Scope.ADDRESS}
    if account is not None and address is not None:
        scopes |= {Scope.ACCOUNT_ADDRESS}
    user = users.load_user(LoadUser(identifier=account)) if account is not None else None
    # Each network that an account knows has the account's limit for itself.
    networks = {network} if address is not None or user is None else {network, *users.networks_of(user.id)}
    # An attempt names its account by what was typed, by the user, or by both.
    names = {(account, None), (None, user.id if user else None), (account, user.id if user else None)}
    return {
        counter.key
        for action in Action
        for identifier, user_id in names
        for known in (False, True)
        for one in networks
        for counter in throttling.counters(
            get_settings().limits,
            get_counter_secret(),
            Reserve(
                action=action,
                facts=RequestFacts(network=one),
                identifier=identifier,
                user_id=user_id,
                known=known,
            ),
        )
        if counter.scope in scopes
    }
