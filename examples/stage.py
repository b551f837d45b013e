"""What the examples have in common: a throw-away folder, and scimweave's commands run in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = ROOT / "examples" / "people"
CYCLES = ("--people", "examples/people/cycle-1.csv", "--people", "examples/people/cycle-2.csv")

console = Console(width=None if sys.stdout.isatty() else 130)


class Stage:
    """The folder of one run, and the commands in it, run from the root of the repository.

    ``mapping`` is relative to the root. ``environment`` comes on top of the one that there is.
    """

    def __init__(self, folder: Path, mapping: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.mapping = mapping
        self.environment = {
            **os.environ,
            "SCIMWEAVE_STORE": f"sqlite:///{folder / 'scimweave.db'}",
            "COLUMNS": str(console.width),
            **environment,
        }

    def run(self, *words: str, secret: bool = False) -> str:
        """Run a command as a person would, and show what it prints; stops where it fails."""
        self.show("scimweave", *words)
        done = subprocess.run(
            self._command(words),
            env=self.environment,
            cwd=ROOT,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
        )
        if not secret:
            print(done.stdout, end="", flush=True)
        if done.returncode:
            sys.exit(f"the example stops: exit code {done.returncode}")
        return done.stdout.strip()

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve the mapping on a free port; yields the Tenant URL."""
        words = ("serve", str(self.mapping), "--port", "0")
        self.show("scimweave", *words)
        with subprocess.Popen(
            self._command(words), env=self.environment, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as server:  # fmt: skip
            try:
                yield _tenant_url(server)
            finally:
                server.terminate()
                server.wait(timeout=60)
        if server.returncode:
            sys.exit(f"the server ended with exit code {server.returncode}")

    def take_key(self, integration: str) -> None:
        """Generate a key, and hand it to the commands that follow."""
        words = ("key", "generate", integration, "--mappings", str(self.mapping), "--quiet")
        token = self.run(*words, secret=True)
        console.print("(the token is not shown; the client below gets it as SCIMWEAVE_TOKEN)")
        self.environment["SCIMWEAVE_TOKEN"] = token

    def provision(self, url: str, cycle: int) -> None:
        """Let an Entra-shaped client run a cycle against a running server."""
        state = str(self.folder / "entra.json")
        client = ("simulate", "entra", "--url", url, *CYCLES, "--state", state)
        self.run(*client, "--cycle", str(cycle))

    def show(self, *words: str) -> None:
        """Print a command line."""
        console.print(Text(f"\n$ {' '.join(words)}", style="bold"))

    @staticmethod
    def _command(words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "scimweave_server", *words]


def _tenant_url(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None  # noqa: S101 - it was asked for
    url = ""
    for line in server.stdout:
        print(line, end="", flush=True)
        if found := re.search(r"Tenant URL\s+(\S+)", line):
            url = found[1]
        if line.strip() == "ready":
            return url
    sys.exit("the server did not start")
