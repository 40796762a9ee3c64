"""A Django application whose users are its own, shaped as Django's, with a UUID for a key."""
