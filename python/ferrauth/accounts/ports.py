"""What the methods of a port are called that carry out the effects: the same in every framework."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ferrauth.accounts import account_effects, effects

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["METHODS"]

METHODS: Mapping[type[effects.Effect[Any]], str] = MappingProxyType(
    {
        effects.Reserve: "reserve",
        effects.Release: "release",
        effects.CountBadToken: "count_bad_token",
        effects.Emit: "emit",
        effects.CheckPassword: "check_password",
        effects.MakePassword: "make_password",
        effects.ValidatePassword: "validate_password",
        effects.LoadUser: "load_user",
        effects.LoadSession: "load_session",
        effects.LoadSessions: "load_sessions",
        effects.IsRevoked: "is_revoked",
        effects.LegacyTokenBlocked: "legacy_token_blocked",
        effects.OpenSession: "open_session",
        effects.Rotate: "rotate",
        effects.CountRepeat: "count_repeat",
        effects.Revoke: "revoke",
        effects.ChangePassword: "change_password",
        account_effects.LoadAccount: "load_account",
        account_effects.DraftUser: "draft_user",
        account_effects.CreateAccount: "create_account",
        account_effects.ConfirmAddress: "confirm_address",
        account_effects.MoveAddress: "move_address",
        account_effects.Enqueue: "enqueue",
    }
)
