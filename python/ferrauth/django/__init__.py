"""Django on ferrauth: a password hasher, tokens, and the application that checks the configuration.

The hasher needs one line in ``PASSWORD_HASHERS`` and no application; tokens and checks want
``INSTALLED_APPS += ["ferrauth.django"]``.
"""
