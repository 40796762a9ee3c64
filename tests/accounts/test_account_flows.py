"""Registration, e-mail and reset on a port in memory: the order of steps, equal work, and which links die when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ferrauth.accounts import flows
from ferrauth.accounts.account_effects import CreateAccount, Mail
from ferrauth.accounts.effects import Allowance, Event, Reserve
from ferrauth.accounts.errors import (
    AddressTaken,
    ConfigurationError,
    InvalidInput,
    InvalidLink,
    RegistrationClosed,
    Throttled,
    WrongPassword,
)
from ferrauth.accounts.sessions import EndReason
from tests.accounts.world import PHONE, World

if TYPE_CHECKING:
    from ferrauth.exceptions import FerrauthError


@pytest.fixture
def world() -> World:
    """Ada has an address that is verified."""
    world = World(BASE_URLS="https://example.com")
    world.user.address, world.user.canonical, world.user.verified = "Ada@example.com", "ada@example.com", "2026"
    return world


def register(world: World, email: str = "new@example.com", password: str = "good", **fields: object) -> Any:
    return world.run(flows.register(world.policy, PHONE, email=email, password=password, fields=fields))


def verify(world: World, token: str) -> None:
    world.run(flows.verify_email(world.policy, PHONE, token=token))


def ask_reset(world: World, email: str = "ada@example.com") -> None:
    world.run(flows.request_password_reset(world.policy, PHONE, email=email))


def reset(world: World, token: str, password: str = "better") -> None:
    world.run(flows.confirm_password_reset(world.policy, PHONE, token=token, password=password))


REGISTER = ["Reserve", "DraftUser", "ValidatePassword", "MakePassword", "CreateAccount", "Emit"]


class TestRegister:
    @pytest.mark.parametrize("email", ["new@example.com", "ada@example.com", "ADA@EXAMPLE.COM"])
    def test_E01_E02_every_branch_takes_the_same_steps(self, world: World, email: str) -> None:
        assert register(world, email) is None
        assert world.port.order() == REGISTER
        assert len(world.port.outbox) == 1

    def test_E01_the_mail_says_what_the_answer_does_not(self, world: World) -> None:
        for email, name, mail, to in (
            ("New@example.com", "new", Mail.VERIFY, "New@example.com"),
            ("ADA@example.com", "other", Mail.TAKEN, "Ada@example.com"),
            ("free@example.com", "ada", Mail.NAME_TAKEN, "free@example.com"),
        ):
            register(world, email, name=name)
            letter = world.letter()
            assert (letter.mail, letter.to) == (mail, to)
        assert [one.event for one in world.port.events()] == [
            Event.REGISTERED,
            Event.REGISTRATION_TAKEN,
            Event.REGISTRATION_TAKEN,
        ]

    @pytest.mark.parametrize("email", ["nobody", "a@b", "x" * 10_000 + "@example.com", "a\x00@example.com"])
    def test_T36_E06_what_is_refused_is_counted_and_costs_nothing(self, world: World, email: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            register(world, email)
        assert refused.value.errors == (("email", "invalid"),)
        assert world.port.order() == ["Reserve"]
        with pytest.raises(InvalidInput):
            register(world, password="")
        assert "MakePassword" not in world.port.order()

    def test_T38_T34_counted_by_client_and_by_address_before_any_work(self, world: World) -> None:
        world.port.allowances = [Allowance(allowed=False, retry_after=42)]
        with pytest.raises(Throttled):
            register(world, "ADA@example.com")
        assert world.port.order() == ["Reserve", "Emit"]
        reservation = world.port.performed[0]
        assert isinstance(reservation, Reserve)
        assert reservation.identifier == "ada@example.com"

    def test_immediate(self, world: World) -> None:
        world = World(REGISTRATION="immediate")
        world.user.canonical = "ada@example.com"
        assert world.opens(register(world).access)
        assert len(world.port.outbox) == 1
        with pytest.raises(AddressTaken):
            register(world, "ada@example.com")
        with pytest.raises(InvalidInput):
            register(world, "free@example.com", name="ada")

    def test_closed(self) -> None:
        world = World(REGISTRATION="closed")
        with pytest.raises(RegistrationClosed):
            register(world)
        assert not world.port.performed

    def test_no_secret_in_a_repr(self, world: World) -> None:
        register(world, password="swordfish")
        assert "swordfish" not in repr(world.port.performed)
        letter = world.letter()
        assert letter.token not in repr(letter)
        assert isinstance(world.port.performed[4], CreateAccount)


class TestVerify:
    def test_a_link_is_good_once(self, world: World) -> None:
        register(world)
        letter = world.letter()
        assert letter.link == f"https://example.com/email/verify?token={letter.token}"
        verify(world, letter.token)
        assert world.port.users["2"].verified
        with pytest.raises(InvalidLink):
            verify(world, letter.token)
        assert [one.event for one in world.port.events()][-2:] == [Event.EMAIL_VERIFIED, Event.LINK_REFUSED]

    @pytest.mark.parametrize(
        "change",
        [
            {"password": "new$other"},
            {"canonical": "other@example.com"},
            {"verified": "x"},
            {"active": False},
            {"id": "7"},
        ],
    )
    def test_E08_each_change_ends_it(self, world: World, change: dict[str, Any]) -> None:
        register(world)
        token = world.letter().token
        for name, value in change.items():
            setattr(world.port.users["2"], name, value)
        with pytest.raises(InvalidLink):
            verify(world, token)

    def test_a_login_does_not_end_it(self, world: World) -> None:
        register(world)
        token = world.letter().token
        world.port.users["2"].last_login = "today"
        verify(world, token)

    def test_it_expires(self, world: World) -> None:
        register(world)
        token = world.letter().token
        world.clock.move(86_399)
        world.run(flows.resend_verification(world.policy, PHONE, email="new@example.com"))
        again = world.letter().token
        world.clock.move(2)
        with pytest.raises(InvalidLink):
            verify(world, token)
        verify(world, again)

    @pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "new@example.com"])
    def test_resending_takes_the_same_steps_for_all(self, world: World, email: str) -> None:
        register(world)
        world.letter()
        before = len(world.port.performed)
        world.run(flows.resend_verification(world.policy, PHONE, email=email))
        assert world.port.order()[before:] == ["Reserve", "Enqueue", "Emit"]
        assert (world.letters() != [None]) is (email == "new@example.com")

    def test_one_error_for_every_cause(self, world: World) -> None:
        register(world)
        token = world.letter().token
        header, claims, signature = token.split(".")
        said = set()
        for bad in ("", "x", f"{header}.{claims}.", f"{header}.{claims[:-2]}.{signature}", token + "x", "x" * 5_000):
            with pytest.raises(InvalidLink) as refused:
                verify(world, bad)
            said.add((str(refused.value), refused.value.code, refused.value.status))
        assert len(said) == 1
        assert "LoadAccount" not in world.port.order()[-12:]

    def test_E07_access_and_refresh_tokens_are_no_links(self, world: World) -> None:
        world.user.name = "ada"
        pair = world.login()
        for token in (pair.access, pair.refresh):
            with pytest.raises(InvalidLink):
                verify(world, token)
            with pytest.raises(InvalidLink):
                reset(world, token)

    def test_without_a_secret_there_are_no_links(self, world: World) -> None:
        register(world)
        object.__setattr__(world.policy, "secrets", None)
        with pytest.raises(ConfigurationError):
            world.letters()


class TestReset:
    def test_E07_it_ends_all_sessions_proves_the_address_and_logs_nobody_in(self, world: World) -> None:
        world.user.verified = ""
        world.login()
        ask_reset(world)
        letter = world.letter()
        assert (letter.to, letter.lifetime) == ("Ada@example.com", 3_600)
        reset(world, letter.token)
        (row,) = world.port.sessions.values()
        assert row.revoked_reason == EndReason.PASSWORD_CHANGED
        assert (world.user.password, world.user.verified != "") == ("new$better", True)
        with pytest.raises(InvalidLink):
            reset(world, letter.token)

    @pytest.mark.parametrize("case", ["known", "unknown", "inactive", "unusable", "unverified"])
    def test_E07_the_same_steps_for_all(self, world: World, case: str) -> None:
        world.user.active = case != "inactive"
        world.user.verified = "" if case == "unverified" else "2026"
        if case == "unusable":
            world.user.password = "!x"
        ask_reset(world, "nobody@example.com" if case == "unknown" else "ada@example.com")
        assert world.port.order() == ["Reserve", "Enqueue", "Emit"]
        assert (world.letters() != [None]) is (case in ("known", "unverified"))

    @pytest.mark.parametrize(
        "change", [{"password": "new$x"}, {"canonical": "x@example.com"}, {"verified": "y"}, {"last_login": "today"}]
    )
    def test_E08_each_change_ends_it(self, world: World, change: dict[str, str]) -> None:
        ask_reset(world)
        token = world.letter().token
        for name, value in change.items():
            setattr(world.user, name, value)
        before = len(world.port.performed)
        with pytest.raises(InvalidLink):
            reset(world, token)
        # Nothing is derived for a link that is no good.
        assert world.port.order()[before:] == ["Reserve", "LoadAccount", "Emit"]

    def test_P47_a_password_change_at_the_same_moment_stands(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask_reset(world)
        token = world.letter().token

        def overtaken(effect: Any) -> str:
            world.user.password = "new$theirs"
            return "new$better"

        monkeypatch.setattr(world.port, "MakePassword", overtaken, raising=False)
        with pytest.raises(InvalidLink):
            reset(world, token)
        assert world.user.password == "new$theirs"

    def test_T38_links_have_a_budget(self, world: World) -> None:
        world.port.allowances = [Allowance(allowed=False, retry_after=1)]
        with pytest.raises(Throttled):
            reset(world, "x")
        assert world.port.order() == ["Reserve", "Emit"]


class TestChange:
    def change(self, world: World, email: str = "new@example.com", password: str = "secret") -> None:
        world.run(flows.change_email(world.policy, PHONE, user_id="1", password=password, email=email))

    def test_it_moves_when_the_new_address_answers_and_tells_the_old_one(self, world: World) -> None:
        self.change(world, "New@example.com")
        letter = world.letter()
        assert (letter.mail, letter.to) == (Mail.CHANGE, "New@example.com")
        verify(world, letter.token)
        assert (world.user.address, world.user.canonical) == ("New@example.com", "new@example.com")
        notice = world.letter()
        assert (notice.mail, notice.to, notice.token) == (Mail.MOVED, "Ada@example.com", "")
        with pytest.raises(InvalidLink):
            verify(world, letter.token)

    def test_E01_the_same_steps_for_free_and_taken(self, world: World) -> None:
        register(world, "taken@example.com")
        world.letter()
        orders = []
        for email in ("free@example.com", "taken@example.com", "ada@example.com"):
            before = len(world.port.performed)
            self.change(world, email)
            orders.append(world.port.order()[before:])
        assert orders[0] == orders[1] == orders[2]
        assert [letter and letter.mail for letter in world.letters()] == [Mail.CHANGE, Mail.TAKEN, None]

    def test_the_password_is_required_and_guesses_are_counted(self, world: World) -> None:
        with pytest.raises(WrongPassword):
            self.change(world, password="wrong")
        assert world.port.order() == ["Reserve", "Reserve", "LoadUser", "CheckPassword", "Emit"]
        assert [one.user_id for one in world.port.events(Event.PASSWORD_REFUSED)] == ["1"]
        assert not world.port.outbox

    def test_E08_a_move_dies_with_the_password_and_with_another_move(self, world: World) -> None:
        self.change(world, "first@example.com")
        self.change(world, "second@example.com")
        first, second = world.letters()
        assert first is not None
        assert second is not None
        verify(world, first.token)
        with pytest.raises(InvalidLink):
            verify(world, second.token)

    def test_a_user_that_is_gone_gets_no_letter(self, world: World) -> None:
        self.change(world)
        world.user.active = False
        assert world.letters() == [None]


@pytest.mark.parametrize("error", [RegistrationClosed, AddressTaken, InvalidLink])
def test_errors_have_a_status_and_a_code(error: type[FerrauthError]) -> None:
    expected = {
        RegistrationClosed: (403, "registration_closed"),
        AddressTaken: (409, "email_taken"),
        InvalidLink: (400, "invalid_link"),
    }
    assert (error().status, error().code) == expected[error]  # type: ignore[call-arg]
