"""What ferrauth accepts is a strict subset of what PyJWT accepts."""

from differential import compare


def test_nothing_is_accepted_that_pyjwt_refuses():
    outcome = compare(seed=4, count=20_000)
    assert sum(outcome) == 20_000
    # The comparison means something only if every verdict is among the outcomes.
    assert min(outcome) > 100
