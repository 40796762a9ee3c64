"""Write password rows with the stock Django that is importable here.

Started by make_password_vectors.py once for each Django release, with an
interpreter of that release's time, and therefore written in the common subset
of Python 2.7 and 3.x. Reads one JSON plan from standard input and writes one
JSON result to standard output:

    plan:   {"hashers": [class name], "requests": [request]}
    request: {"algorithm", "password", "salt", "cost": {attribute: value}, ...}
    result: {"python": version, "answers": [answer]}
    answer: {"encoded", "params"} or {"left_out": reason}
"""

import json
import platform
import sys

from django.conf import settings

# The attributes by which Django's hasher classes state their cost.
COST_ATTRIBUTES = {
    "pbkdf2_sha256": ["iterations"],
    "pbkdf2_sha1": ["iterations"],
    "argon2": ["memory_cost", "time_cost", "parallelism"],
    "bcrypt_sha256": ["rounds"],
    "bcrypt": ["rounds"],
    "scrypt": ["work_factor", "block_size", "parallelism"],
}


def unusable(hashers, request):
    """Return make_password(None), its random suffix replaced by the plan's."""

    def fixed_string(length, *args, **kwargs):
        return request["salt"][:length]

    hashers.get_random_string = fixed_string
    return hashers.make_password(None)


def with_argon2_cffi(request):
    """Return a row that Django reads and argon2-cffi alone can write."""
    import argon2.low_level

    options = dict(request["cost"], hash_len=request["hash_len"], version=request["version"])
    options["type"] = getattr(argon2.low_level.Type, request["variety"])
    password, salt = request["password"].encode("utf-8"), request["salt"].encode("ascii")
    data = argon2.low_level.hash_secret(password, salt, **options).decode("ascii")
    if request["omit_version"]:
        data = data.replace("v=%d$" % request["version"], "", 1)
    return "argon2" + data


def with_django(hasher, request):
    """Return what the stock hasher encodes with the plan's salt."""
    salt = request["salt"]
    if request["algorithm"] in ("bcrypt_sha256", "bcrypt"):
        # bcrypt's own salt carries the identifier and the cost in front.
        salt = ("$%s$%02d$%s" % (request["ident"], hasher.rounds, salt)).encode("ascii")
    return request.get("prefix", "") + hasher.encode(request["password"], salt)


def answer(hashers, request):
    """Return one encoded row with its parameters, or why there is none."""
    algorithm, password = request["algorithm"], request["password"]
    if algorithm == "unusable":
        encoded = unusable(hashers, request)
        if hashers.is_password_usable(encoded) or hashers.check_password("", encoded):
            return {"left_out": "Django takes the row for a usable password"}
        return {"encoded": encoded, "params": {}}
    # A fresh object of the stock class: only its public cost attributes are set.
    hasher = type(hashers.get_hasher(algorithm))()
    for name, value in request["cost"].items():
        setattr(hasher, name, value)
    try:
        if request["writer"] == "argon2-cffi":
            encoded = with_argon2_cffi(request)
        else:
            encoded = with_django(hasher, request)
        verified = hashers.check_password(password, encoded)
    except Exception as error:  # The reason is data: it goes into the passport.
        return {"left_out": "%s: %s" % (type(error).__name__, error)}
    if not verified:
        return {"left_out": "stock check_password answers False"}
    # Not longer than the password, since bcrypt 5 refuses more than 72 bytes, and wrong at
    # its beginning, since bcrypt and crypt do not read to the end.
    wrong = "x" + password[:-1]
    if hashers.identify_hasher(encoded).verify(wrong, encoded):
        return {"left_out": "stock Django also verifies a wrong password"}
    params = {name: getattr(hasher, name) for name in COST_ATTRIBUTES.get(algorithm, [])}
    return {"encoded": encoded, "params": params}


def main():
    plan = json.load(sys.stdin)
    settings.configure(PASSWORD_HASHERS=["django.contrib.auth.hashers." + name for name in plan["hashers"]])
    from django.contrib.auth import hashers

    answers = [answer(hashers, request) for request in plan["requests"]]
    json.dump({"python": platform.python_version(), "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
