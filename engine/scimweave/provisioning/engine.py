"""Several mapping files at work on one store: what a server serves, and a program uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scimweave.mapping import (
    Diagnostic,
    MappingError,
    Program,
    digest_of,
    duplicates,
    load,
    load_all,
    mapping_files,
)
from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import Event, Listener
from scimweave.store.base import Store
from scimweave.store.sqlite import SqliteStore

DEFAULT_STORE = "sqlite:///var/scimweave.db"


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did: integrations that changed, and why files were refused."""

    integrations: tuple[str, ...]
    findings: tuple[Diagnostic, ...]


def _ignore(event: Event) -> None:
    """Listen to nothing."""


class Engine:
    """The integrations of some mapping files, by name."""

    def __init__(self, paths: Iterable[Path], store: Store, listener: Listener) -> None:
        self.paths = tuple(paths)
        self.store = store
        self.integrations: dict[str, Integration] = {}
        self.by_path: dict[str, Integration] = {}
        self._listener = listener
        # Of each mapping file, all that it is made of, as it was read last.
        self._seen: dict[Path, Mapping[Path, bytes]] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *paths: Path | str,
        store: Store | str = DEFAULT_STORE,
        listener: Listener = _ignore,
    ) -> AsyncIterator[Engine]:
        """Load mapping files (or folders of them), and recover what a crash left open.

        ``store`` is a URL such as ``sqlite:///var/scimweave.db``. Raises ``MappingError`` where a
        file has errors or its target is not as it says, and ``StoreError``.
        """
        files = tuple(Path(path) for path in paths)
        async with cls._opened(files, load_all(files), store, listener) as engine:
            yield engine

    @classmethod
    @asynccontextmanager
    async def of(
        cls, *programs: Program, store: Store | str, listener: Listener = _ignore
    ) -> AsyncIterator[Engine]:
        """Run programs as they are, whatever becomes of their files. Raises as ``open`` does."""
        async with cls._opened((), programs, store, listener) as engine:
            yield engine

    @classmethod
    @asynccontextmanager
    async def _opened(
        cls,
        files: tuple[Path, ...],
        programs: Iterable[Program],
        store: Store | str,
        listener: Listener,
    ) -> AsyncIterator[Engine]:
        opened = await SqliteStore.open(store) if isinstance(store, str) else store
        engine = cls(files, opened, listener)
        try:
            for program in programs:
                engine._seen[program.file] = program.files
                await engine._add(program)
            yield engine
        finally:
            for integration in engine.integrations.values():
                await integration.close()
            await opened.close()

    def __getitem__(self, name: str) -> Integration:
        """Return an integration by name. Raises ``KeyError``."""
        return self.integrations[name]

    async def reload(self) -> Reloaded:
        """Take up edits of the files; where a file is refused, its old version stays.

        A file that has gone leaves its integration running.
        """
        changed: list[str] = []
        findings: list[Diagnostic] = []
        for file in mapping_files(self.paths):
            if not self._has_changed(file):
                continue
            try:
                program = load(file)
                self._seen[file] = program.files
                changed.append(await self._take_up(program))
            except MappingError as error:
                self._seen[file] = error.files or self._seen.get(file, {})
                findings += error.diagnostics
        return Reloaded(tuple(changed), tuple(findings))

    def folders(self) -> frozenset[Path]:
        """Return where the files are that the mappings are made of, also those at fault."""
        asked = {path if path.is_dir() else path.parent for path in self.paths}
        read = {file.parent for files in self._seen.values() for file in files}
        return frozenset(asked | read)

    def _has_changed(self, file: Path) -> bool:
        seen = self._seen.get(file)
        return not seen or any(digest_of(each) != digest for each, digest in seen.items())

    async def _take_up(self, program: Program) -> str:
        others = [
            integration.program
            for integration in self.integrations.values()
            if integration.program.file != program.file
        ]
        if findings := duplicates([*others, program]):
            raise MappingError(tuple(findings))
        running = self.integrations.get(program.integration)
        if running is None:
            await self._add(program)
            await self._drop_renamed(program)
        else:
            await running.reload(program)
        self._index()
        return program.integration

    async def _drop_renamed(self, program: Program) -> None:
        """End what the file was before its integration got another name."""
        for name, integration in list(self.integrations.items()):
            if integration.program.file == program.file and name != program.integration:
                del self.integrations[name]
                self._index()
                await integration.close()

    async def _add(self, program: Program) -> None:
        self.integrations[program.integration] = await Integration.open(
            program, self.store, self._listener
        )
        self._index()

    def _index(self) -> None:
        self.by_path = {each.program.path: each for each in self.integrations.values()}
