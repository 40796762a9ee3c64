"""The pool as synchronous callers meet it."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import ferrauth
from ferrauth import _core, hazmat
from tests.password.pool_tools import INTERRUPT_ONCE_BUSY, is_at_rest, run, until


def test_importing_starts_no_thread():
    run("""
        import os
        import ferrauth
        from ferrauth import _core, jwt
        ferrauth.build_info()
        assert _core.pool_counters() == dict.fromkeys(_core.pool_counters(), 0)
        if os.path.isdir("/proc/self/task"):
            assert len(os.listdir("/proc/self/task")) == 1
    """)


def test_build_info_tells_the_kernels_and_what_runs():
    info = ferrauth.build_info()
    names = [kernel["name"] for kernel in info["kernels"] if kernel["available"]]
    assert "soft" in names
    assert {info["kernel"], info["bulk_kernel"]} <= set(names)
    widths = {kernel["name"]: kernel["lanes"] for kernel in info["kernels"]}
    assert info["lanes"] == max(widths[info["kernel"]])
    assert info["threads"] >= 1
    assert info["lanes_busy"] >= 0
    assert info["queued"] >= 0


@pytest.mark.parametrize(
    "kernel", [kernel["name"] for kernel in ferrauth.build_info()["kernels"] if kernel["available"]]
)
def test_every_kernel_of_this_machine_can_be_forced_and_derives_the_same(kernel):
    run(
        """
        import hashlib, os
        import ferrauth
        from ferrauth import hazmat
        info = ferrauth.build_info()
        assert info["kernel"] == info["bulk_kernel"] == os.environ["FERRAUTH_KERNEL"]
        for dklen in (1, 32, 33, 700):
            expected = hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1234, dklen)
            assert hazmat.pbkdf2_hmac("sha256", b"password", b"salt", 1234, dklen) == expected
        rows = ferrauth.make_passwords([str(n) for n in range(40)], iterations=50)
        for n, row in enumerate(rows):
            salt = row.split("$")[2].encode()
            assert row.endswith(__import__("base64").b64encode(
                hashlib.pbkdf2_hmac("sha256", str(n).encode(), salt, 50)).decode())
        """,
        environment={**os.environ, "FERRAUTH_KERNEL": kernel},
    )


@pytest.mark.parametrize("kernel", ["", "sha_ni ", "avx1024"])
def test_a_kernel_that_is_not_to_be_had_is_an_error_that_names_the_choices(kernel):
    run(
        """
        import ferrauth
        for call in (ferrauth.build_info, lambda: ferrauth.make_password("p", iterations=1)):
            try:
                call()
            except ValueError as error:
                assert "soft" in str(error), error
            else:
                raise SystemExit("no error")
        """,
        environment={**os.environ, "FERRAUTH_KERNEL": kernel},
    )


def test_the_environment_says_how_many_threads_derive():
    run(
        """
        import ferrauth
        from ferrauth import _core
        assert ferrauth.build_info()["threads"] == 1
        ferrauth.make_passwords(["p"] * 20, iterations=1000)
        assert _core.pool_counters()["workers"] == 1
        """,
        environment={**os.environ, "FERRAUTH_THREADS": "1"},
    )
    run(
        """
        import ferrauth
        from ferrauth import _core
        _core.set_threads(3)
        assert ferrauth.build_info()["threads"] == 3
        ferrauth.make_passwords(["p"] * 20, iterations=1000)
        assert _core.pool_counters()["workers"] == 3
        """,
        environment={name: value for name, value in os.environ.items() if name != "FERRAUTH_THREADS"},
    )


@pytest.mark.parametrize("threads", ["0", "-1", "two", "", "1.5"])
def test_a_bad_number_of_threads_is_an_error(threads):
    run(
        """
        import ferrauth
        for call in (ferrauth.build_info, lambda: ferrauth.make_password("p", iterations=1)):
            try:
                call()
            except ValueError:
                pass
            else:
                raise SystemExit("no error")
        """,
        environment={**os.environ, "FERRAUTH_THREADS": threads},
    )
    with pytest.raises(ValueError, match="threads"):
        _core.set_threads(0)


def test_P58_many_threads_at_once_each_get_their_own_key():
    def derive(number: int) -> bool:
        password, iterations = str(number).encode(), 1 + 977 * number % 5_000
        expected = hashlib.pbkdf2_hmac("sha256", password, b"salt", iterations)
        return hazmat.pbkdf2_hmac("sha256", password, b"salt", iterations) == expected

    with ThreadPoolExecutor(32) as executor:
        assert all(executor.map(derive, range(400)))
    until(is_at_rest)


def test_a_long_key_is_a_job_for_each_block():
    before = _core.pool_counters()["submitted"]
    assert hazmat.pbkdf2_hmac("sha256", b"p", b"s", 10, 100) == hashlib.pbkdf2_hmac("sha256", b"p", b"s", 10, 100)
    assert _core.pool_counters()["submitted"] - before == 4


def test_a_whole_login_is_one_admission(cheap, work):
    weak = ferrauth.make_password("right", iterations=cheap // 4)
    for password, iterations in [("wrong", cheap), ("right", cheap // 4 + cheap)]:
        before = _core.pool_counters()["submitted"]
        assert work(lambda password=password: ferrauth.verify_and_update(password, weak)) == iterations
        assert _core.pool_counters()["submitted"] - before == 1


def test_a_sync_caller_waits_unless_a_limit_is_set(cheap):
    row = ferrauth.make_password("right", iterations=cheap)
    assert _core.max_wait() == (10.0, None)
    with ferrauth.passwords.admit():
        # The place that is held is work that waits.
        assert ferrauth.check_password("right", row)
        _core.set_max_wait_sync(0)
        try:
            with pytest.raises(ferrauth.HasherBusy) as caught:
                ferrauth.check_password("right", row)
        finally:
            _core.set_max_wait_sync(None)
    assert caught.value.retry_after > 0
    assert (caught.value.code, caught.value.status) == ("busy", 503)
    until(is_at_rest)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_limit_is_a_time(seconds):
    for set_limit in (_core.set_max_wait, _core.set_max_wait_sync):
        with pytest.raises(ValueError, match="seconds"):
            set_limit(seconds)
    assert _core.max_wait() == (10.0, None)


def test_an_admission_covers_a_login_and_is_given_back(cheap):
    row = ferrauth.make_password("right", iterations=cheap)
    until(is_at_rest)
    _core.set_max_wait_sync(0)
    try:
        with ferrauth.passwords.admit() as admission:
            assert _core.pool_counters()["reserved"] == 1
            with pytest.raises(ferrauth.HasherBusy):
                ferrauth.passwords.admit()
            assert ferrauth.check_password("right", row, admission=admission)
            assert _core.pool_counters()["reserved"] == 0
            assert ferrauth.make_password("new", iterations=cheap, admission=admission)
            assert ferrauth.verify_and_update("right", row, admission=admission) == (True, None)
        with pytest.raises(ValueError, match="released"):
            ferrauth.check_password("right", row, admission=admission)
        until(is_at_rest)
        with ferrauth.passwords.admit():
            pass
        until(is_at_rest)
    finally:
        _core.set_max_wait_sync(None)


def test_ctrl_c_ends_the_waiting_and_gives_the_lane_back():
    run(
        INTERRUPT_ONCE_BUSY
        + """
_core.set_max_iterations(2**32 - 1)
try:
    hazmat.pbkdf2_hmac("sha256", b"password", b"salt", 2**32 - 1)
except KeyboardInterrupt:
    pass
else:
    raise SystemExit("not interrupted")
while _core.pool_counters()["lanes_busy"]:
    time.sleep(0.001)
counters = _core.pool_counters()
assert (counters["cancellations"], counters["finished"]) == (1, 0), counters
row = ferrauth.make_password("p", iterations=10)
"""
    )
