"""What a server does last before it answers its first request."""

import gc

from django.urls import get_resolver

__all__ = ["warm_up"]


def warm_up() -> None:
    """Import what requests will need, and hide from the garbage collector what there is by then.

    A full collection of everything that was imported stops all requests of a process for up to a tenth of a second, now
    and then, and frees nothing. Before a fork, it would also make every worker copy the pages that it writes to.
    """
    _ = get_resolver().url_patterns  # Django imports them at the first request, of every worker.
    gc.collect()
    gc.freeze()
