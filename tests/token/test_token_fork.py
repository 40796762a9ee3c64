"""J111: a process that forks after its first token repeats none of its ids."""

import os

import pytest

from ferrauth import jwt
from ferrauth.keys import Key
from ferrauth.tokens import TokenIssuer

PAIRS_EACH = 250_000
"""Two ids each, in two workers: a million ids."""


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_J111_two_forked_workers_make_no_id_twice(tmp_path):
    tokens = TokenIssuer(keys=Key.generate())
    tokens.generate_tokens("1")
    children = []
    for number in range(2):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with (tmp_path / str(number)).open("w") as file:
                    for _ in range(PAIRS_EACH):
                        pair = tokens.generate_tokens("1")
                        file.write(f"{pair.access_jti}\n{pair.refresh_jti}\n")
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ids = [line for number in range(2) for line in (tmp_path / str(number)).read_text().splitlines()]
    assert len(ids) == 4 * PAIRS_EACH
    assert len(set(ids)) == len(ids)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_worker_verifies_with_the_keys_of_its_parent():
    secret = "s" * 32
    text = jwt.encode({"sub": "1"}, secret)
    child = os.fork()
    if child == 0:
        os._exit(0 if jwt.decode(text, secret, algorithms=["HS256"]) == {"sub": "1"} else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
