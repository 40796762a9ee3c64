"""The same application as it was: Django's own hasher, PyJWT, and code of its own."""
