"""What Django's hashers ask of the libraries ``argon2-cffi`` and ``bcrypt``, on ferrauth's core.

Django's classes load their library by name when they first need it. Ours load these modules instead: all of Django's
own logic stays, and neither library need be installed. Nothing beyond what Django calls is here.
"""
