"""Set the project up and run its everyday commands, with nothing but Python and pip.

`python3 dev.py demo` and `python3 dev.py test` are the README's two commands. On the first
call they make `.venv` and install exactly what `uv.lock` names; later calls start at once.
Whoever works with uv can use `uv sync` and `uv run` instead: both read the same lock.

What does not belong here: anything the installed package could do itself. This file runs
before there is an installed package, so it imports only the standard library.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / ".installed-from"
# uv only reads the lock here; pip installs, because pip is what a machine's owner has
# configured (mirrors, certificates, a CPU build of torch on a local shelf).
INSTALLERS = ("pip==26.3", "uv==0.13.9")
GROUPS = ("dev", "models")
TWO_AT_A_TIME = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
NEW_EXAMPLES = ("--hypothesis-profile", "default")
"""Of property tests; the everyday suite takes the same ones each time."""
PACKAGES = ("podcast_insights", "podcast_insights_tests", "benchmarks", "dev.py")


def main(arguments: list[str]) -> int:
    """Run one of the commands of `COMMANDS`; return its exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        width = max(map(len, COMMANDS))
        lines = [f"  {name:{width}}  {steps[0]}" for name, steps in COMMANDS.items()]
        sys.stderr.write("\n".join(["usage: python3 dev.py COMMAND [ARG ...]", "", *lines, ""]))
        return 2
    if not (3, 11) <= sys.version_info[:2] < (3, 14):  # noqa: UP036 - runs before pip can refuse
        sys.stderr.write(f"Python 3.11 to 3.13 is needed; this is {sys.version.split()[0]}.\n")
        return 2
    name, rest = arguments[0], arguments[1:]
    set_up(groups=(*GROUPS, "local-llm") if name == "test-slow" else GROUPS)
    for step in COMMANDS[name][1]:
        status = subprocess.run([str(BIN / step[0]), *step[1:], *rest], cwd=ROOT).returncode
        if status:
            return status
    return 0


def set_up(groups: tuple[str, ...]) -> None:
    """Make `.venv` hold what `uv.lock` names; do nothing where it already does."""
    wanted = fingerprint(groups)
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    if not (BIN / ("python.exe" if os.name == "nt" else "python")).exists():
        say("Making .venv")
        check([sys.executable, "-m", "venv", str(VENV)])
    python = str(BIN / "python")
    say("Installing what uv.lock names (minutes on the first call: torch is large)")
    check([python, "-m", "pip", "install", "--quiet", *INSTALLERS])
    constraints = VENV / "constraints.txt"
    check(
        [
            str(BIN / "uv"), "export", "--frozen", "--quiet", "--no-hashes", "--no-annotate",
            "--no-header", "--no-emit-project", "--all-groups", "--all-extras",
            "--output-file", str(constraints),
        ]
    )  # fmt: skip
    asked = [word for group in groups for word in ("--group", group)]
    check([python, "-m", "pip", "install", "--quiet", "-c", str(constraints), "-e", ".", *asked])
    STAMP.write_text(wanted)


def fingerprint(groups: tuple[str, ...]) -> str:
    """Digest of everything the installation depends on."""
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "uv.lock")]
    parts += [" ".join((*INSTALLERS, *groups, sys.version)).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def check(command: list[str]) -> None:
    """Run `command` in the repo root; end the program with its status if it fails."""
    status = subprocess.run(command, cwd=ROOT).returncode
    if status:
        say(f"This step failed (exit status {status}): {' '.join(command)}")
        raise SystemExit(status)


def say(message: str) -> None:
    """One line on standard error, so that piped output stays clean."""
    sys.stderr.write(f"[dev] {message}\n")
    sys.stderr.flush()


COMMANDS: dict[str, tuple[str, list[list[str]]]] = {
    "demo": ("the daily job over the sample world", [["podcast-insights", "demo"]]),
    "test": ("the tests, two at a time (minutes)", [["pytest", *TWO_AT_A_TIME]]),
    "test-slow": (
        "also the tests marked slow",
        [["pytest", *TWO_AT_A_TIME, *NEW_EXAMPLES, "-m", "not gpu"]],
    ),
    "lint": (
        "ruff, formatting and import rules",
        [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["lint-imports"]],
    ),
    "types": ("mypy, strict", [["mypy"]]),
    "ui": ("the Dagster UI on http://localhost:3000", [["dagster", "dev"]]),
    "sync": ("set up only", []),
    "cli": ("podcast-insights with the arguments that follow", [["podcast-insights"]]),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
