#!/usr/bin/env python3
"""Make tests/vectors/passwords: rows that released Django packages wrote.

For each release this installs Django and its optional hashing libraries by name and version
into a throw-away folder, lets that Django encode a fixed set of passwords with fixed salts
(`password_rows.py`), and writes one JSON file. A row is kept only if the same Django verifies
it and refuses a wrong password; otherwise the reason is written down in its place. Then the
table in tests/vectors/README.md is brought up to date. Nothing is random: a second run writes
the same bytes.

    python tools/make_password_vectors.py                    # everything
    python tools/make_password_vectors.py --release 5.2      # one release, may be repeated
    python tools/make_password_vectors.py --python 2.7=/opt/python2.7/bin/python

An interpreter is looked for as `pythonX.Y` on PATH unless `--python X.Y=FILE` names it; it needs
pip. This program itself needs Python 3.11.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from password_catalogue import (
    ACCEPTED,
    ARGON2_VERSION_16,
    LISTED,
    RELEASES,
    UNUSABLE,
    Release,
    plan_for,
)
from pbkdf2_vectors import pbkdf2_vectors

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "tests" / "vectors"
PASSWORDS_FOLDER = VECTORS / "passwords"
README = VECTORS / "README.md"
TABLE_BEGIN = "<!-- tools/make_password_vectors.py writes from here -->"
TABLE_END = "<!-- to here -->"


def argon2_params(encoded: str, params: dict[str, Any]) -> dict[str, Any]:
    """Add the variety and version that stand in an argon2 row; a row without v= is version 16."""
    fields = encoded.split("$")
    version = int(fields[2][2:]) if fields[2].startswith("v=") else ARGON2_VERSION_16
    return params | {"variety": fields[1], "version": version}


def row(release: Release, python: str, asked: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the published row for one answer."""
    params = given["params"]
    if asked["algorithm"] == "argon2":
        params = argon2_params(given["encoded"], params)
    library = asked["library"]
    usable = asked["status"] in (ACCEPTED, LISTED)
    return {
        "id": asked["id"],
        "django": release.django,
        "python": python,
        "library": f"{library} {release.libraries[library]}" if library else None,
        "algorithm": asked["algorithm"],
        "status": asked["status"],
        "verifies": usable,
        "at_default_cost": asked["at_default_cost"],
        "params": params,
        "password": None if asked["status"] == UNUSABLE else asked["password"],
        "encoded": given["encoded"],
        "note": asked["note"],
    }


def interpreter(version: str, given: dict[str, str]) -> str:
    """Return the file of a working Python `version` that has pip.

    Raises:
        FileNotFoundError: none is given or on PATH, or it does not run as that version.
    """
    file = given.get(version) or shutil.which(f"python{version}")
    if file is not None:
        probe = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([file, "-c", probe], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return file
    raise FileNotFoundError(f"no Python {version} with pip: pass --python {version}=FILE")


def write_release(release: Release, python: str) -> Path:
    """Install one release into a throw-away folder, let it write, and return the JSON file."""
    packages = {"Django": release.django} | release.libraries
    pins = [f"{name}=={version}" for name, version in packages.items()]
    with tempfile.TemporaryDirectory(prefix="password-vectors-") as folder:
        # A target folder rather than a venv: Python 2.7 has no venv module.
        install = [python, "-m", "pip", "install", "--quiet", "--target", folder, *pins]
        subprocess.run(install, check=True, stdout=sys.stderr)
        environment = os.environ | {"PYTHONPATH": folder, "PYTHONNOUSERSITE": "1"}
        plan = plan_for(release)
        done = subprocess.run(
            [python, "-W", "ignore", str(HERE / "password_rows.py")],
            input=json.dumps(plan),
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            check=True,
        )
    result = json.loads(done.stdout)
    rows, left_out = [], []
    for asked, given in zip(plan["requests"], result["answers"], strict=True):
        if "left_out" in given:
            left_out.append({"id": asked["id"], "reason": given["left_out"]})
        else:
            rows.append(row(release, result["python"], asked, given))
    file = PASSWORDS_FOLDER / f"django-{release.line}.json"
    write_json(file, {"rows": rows, "left_out": left_out})
    return file


def write_json(file: Path, lists: dict[str, list[dict[str, Any]]]) -> None:
    """Write lists of objects, one object a line, so that a diff shows the rows that changed."""
    parts = []
    for name, entries in lists.items():
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        parts.append(f'"{name}": [\n{lines}\n]' if entries else f'"{name}": []')
    file.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def table() -> str:
    """Return the passport's tables, made from the files that are there."""
    lines = [
        "| file | Django | Python | libraries | rows | SHA-256 |",
        "| --- | --- | --- | --- | ---: | --- |",
    ]
    left_out = ["| row | why it is left out |", "| --- | --- |"]
    iterations = 0
    files = [PASSWORDS_FOLDER / f"django-{release.line}.json" for release in RELEASES]
    for file in filter(Path.exists, files):
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = content["rows"]
        libraries = ", ".join(sorted({r["library"] for r in rows if r["library"]}))
        facts = (file.name, rows[0]["django"], rows[0]["python"], libraries, str(len(rows)))
        lines.append(f"| {' | '.join(facts)} | `{digest(file)}` |")
        left_out += [f"| {gap['id']} | {gap['reason']} |" for gap in content["left_out"]]
        iterations += sum(r["params"].get("iterations", 0) for r in rows)
    rfc = PASSWORDS_FOLDER / "pbkdf2_rfc.json"
    count = len(json.loads(rfc.read_text(encoding="utf-8"))["vectors"])
    lines.append(f"| {rfc.name} | | | | {count} | `{digest(rfc)}` |")
    cost = f"Verifying every Django row once runs {iterations:,} PBKDF2 iterations."
    return "\n".join([*lines, "", cost, "", *left_out])


def digest(file: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_table() -> None:
    """Replace the generated part of the passport."""
    before, rest = README.read_text(encoding="utf-8").split(TABLE_BEGIN)
    _, after = rest.split(TABLE_END)
    README.write_text(f"{before}{TABLE_BEGIN}\n{table()}\n{TABLE_END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    lines = [release.line for release in RELEASES]
    parser.add_argument("--release", action="append", choices=lines, help="only this release line")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="X.Y=FILE",
        help="the interpreter to use for Python X.Y",
    )
    arguments = parser.parse_args()
    given = dict(item.split("=", 1) for item in arguments.python)
    chosen = [r for r in RELEASES if r.line in (arguments.release or lines)]
    try:
        pythons = [interpreter(release.python, given) for release in chosen]
    except FileNotFoundError as error:
        parser.error(str(error))
    PASSWORDS_FOLDER.mkdir(parents=True, exist_ok=True)
    for release, python in zip(chosen, pythons, strict=True):
        print(write_release(release, python).name)
    write_json(PASSWORDS_FOLDER / "pbkdf2_rfc.json", {"vectors": pbkdf2_vectors()})
    write_table()


if __name__ == "__main__":
    main()
