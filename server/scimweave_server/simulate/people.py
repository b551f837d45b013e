"""People from CSV files, as the directory holds them in each provisioning cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from scimweave_server.simulate.finding import Finding, PeopleError
from scimweave_server.simulate.records import Row, read_rows

KEY = "objectId"
USER_NAME = "userPrincipalName"
ENABLED = "accountEnabled"
CYCLE = "cycle"
ACTION = "action"
COLUMNS = (
    CYCLE,
    KEY,
    USER_NAME,
    "displayName",
    "jobTitle",
    "givenName",
    "surname",
    "mailNickname",
    "department",
    ENABLED,
    ACTION,
)
BOOLEANS = {"true": True, "false": False, "": True}

__all__ = ["Cycle", "Finding", "PeopleError", "Person", "read_people"]


@dataclass(frozen=True, slots=True)
class Person:
    """A directory entry in one cycle.

    ``key`` stays when the userPrincipalName changes; ``attributes`` holds the non-empty
    attributes by their Entra names; ``purged`` says that the entry was permanently deleted.
    """

    key: str
    attributes: Mapping[str, str]
    enabled: bool = True
    purged: bool = False

    @property
    def user_name(self) -> str:
        """The userPrincipalName."""
        return self.attributes[USER_NAME]


@dataclass(frozen=True, slots=True)
class Cycle:
    """Everybody who is assigned when a provisioning cycle runs."""

    number: int
    people: tuple[Person, ...]


def read_people(files: Sequence[Path]) -> list[Cycle]:
    """Read the cycles in order; raises PeopleError with the findings of all files.

    One file may hold several cycles in its ``cycle`` column; of several files each is one cycle.
    """
    findings: list[Finding] = []
    cycles: list[Cycle] = []
    for number, file in enumerate(files, 1):
        try:
            cycles += _read_file(file, number, single=len(files) == 1)
        except PeopleError as error:
            findings += error.findings
    if findings:
        raise PeopleError(findings)
    return cycles


def _read_file(file: Path, number: int, *, single: bool) -> list[Cycle]:
    rows = read_rows(file)
    header = next(rows, None)
    if header is None:
        raise PeopleError([Finding(file, 1, 1, f"the file is empty; it needs {USER_NAME}")])
    columns = _columns(header, single=single)
    findings: list[Finding] = []
    people: dict[int, _Roll] = {} if CYCLE in columns else {number: _Roll()}
    for row in rows:
        entry = _Entry(row, columns)
        wrong = list(entry.findings())
        if not wrong:
            roll = people.setdefault(int(entry.get(CYCLE) or number), _Roll())
            wrong = list(roll.add(entry))
        findings += wrong
    if not people and not findings:
        findings.append(Finding(file, header.line, 1, "the file has a header and no people"))
    if findings:
        raise PeopleError(findings)
    return [Cycle(n, tuple(people[n].people)) for n in sorted(people)]


def _columns(header: Row, *, single: bool) -> dict[str, int]:
    """Return the index of each column."""
    columns: dict[str, int] = {}
    findings = []
    for index, name in enumerate(header.fields):
        if name in columns:
            findings.append(header.at(index, f'column "{name}" stands here twice'))
        elif name not in COLUMNS:
            findings.append(header.at(index, _unknown_column(name)))
        elif name == CYCLE and not single:
            message = f'of several files each is one cycle; column "{CYCLE}" is for a single file'
            findings.append(header.at(index, message))
        else:
            columns[name] = index
    if USER_NAME not in columns and not findings:
        findings.append(header.at(0, f'column "{USER_NAME}" is missing'))
    if findings:
        raise PeopleError(findings)
    return columns


def _unknown_column(name: str) -> str:
    if ";" in name:
        return "columns are separated by commas here, not by semicolons"
    by_folded = {column.casefold(): column for column in COLUMNS}
    close = get_close_matches(name.strip().casefold(), by_folded, 1)
    hint = f'did you mean "{by_folded[close[0]]}"?' if close else f"known: {', '.join(COLUMNS)}"
    return f'unknown column "{name}"; {hint}'


class _Entry:
    """One row under the header."""

    def __init__(self, row: Row, columns: Mapping[str, int]) -> None:
        self.row = row
        self.columns = columns

    def get(self, column: str) -> str:
        index = self.columns.get(column)
        return "" if index is None else self.row.fields[index]

    def word(self, column: str) -> str:
        return self.get(column).strip().lower()

    def at(self, column: str, message: str) -> Finding:
        return self.row.at(self.columns[column], message)

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with the row by itself."""
        expected, found = len(self.columns), len(self.row.fields)
        if found != expected:
            # A field too many is named; a missing one is where the row ends.
            index = min(expected, found - 1)
            yield self.row.at(index, f"the header has {expected} fields, this row has {found}")
            return
        if not self.get(USER_NAME).strip():
            yield self.at(USER_NAME, f"{USER_NAME} is empty")
        if self.word(ENABLED) not in BOOLEANS:
            text = self.get(ENABLED)
            yield self.at(ENABLED, f'{ENABLED} is true, false or empty, not "{text}"')
        if self.word(ACTION) not in {"", "delete"}:
            yield self.at(ACTION, f'{ACTION} is delete or empty, not "{self.get(ACTION)}"')
        number = self.get(CYCLE)
        if CYCLE in self.columns and not (number.isdecimal() and int(number) > 0):
            yield self.at(CYCLE, f'{CYCLE} is a whole number from 1, not "{number}"')

    def person(self) -> Person:
        attributes = {
            column: self.get(column)
            for column in self.columns
            if column not in {CYCLE, KEY, ENABLED, ACTION} and self.get(column)
        }
        return Person(
            key=self.word(KEY) or self.word(USER_NAME),
            attributes=attributes,
            enabled=BOOLEANS[self.word(ENABLED)],
            purged=self.word(ACTION) == "delete",
        )


class _Roll:
    """The people of one cycle, each once."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.lines: dict[tuple[str, str], int] = {}

    def add(self, entry: _Entry) -> Iterator[Finding]:
        for column in (USER_NAME, KEY):
            value = entry.word(column)
            line = self.lines.setdefault((column, value), entry.row.line) if value else None
            if line not in {None, entry.row.line}:
                message = f'{column} "{entry.get(column)}" stands in line {line} already'
                yield entry.at(column, message)
        self.people.append(entry.person())
