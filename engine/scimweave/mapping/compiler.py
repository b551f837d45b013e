"""A mapping file becomes a program, or findings."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from scimweave.mapping.cases import compile_test
from scimweave.mapping.checks.file import check_file, check_users, written_names
from scimweave.mapping.checks.reversing import check_reverse
from scimweave.mapping.checks.rules import ALWAYS_THERE, check_rules
from scimweave.mapping.checks.scope import check_scope
from scimweave.mapping.diagnostics import Diagnostic, MappingError, has_errors, position
from scimweave.mapping.document.extends import read_document, told
from scimweave.mapping.document.files import Files
from scimweave.mapping.document.interpolation import interpolate
from scimweave.mapping.document.source import Document, YamlPath
from scimweave.mapping.document.tables import place_tables
from scimweave.mapping.functions.registry import installed
from scimweave.mapping.guard import GuardProgram, read_duration
from scimweave.mapping.project import (
    Deletion,
    Field,
    GroupProgram,
    MappingTest,
    MemberField,
    Membership,
    Operations,
    Program,
    Target,
    UserProgram,
    default_path,
)
from scimweave.mapping.report import Report
from scimweave.mapping.rules.attributes import ignored_path
from scimweave.mapping.rules.convert import Unfit, Value
from scimweave.mapping.rules.extensions import compile_extensions, declared
from scimweave.mapping.rules.field import compile_field
from scimweave.mapping.rules.filterable import filterable
from scimweave.mapping.rules.fitting import shown
from scimweave.mapping.rules.lets import Lets, read_lets
from scimweave.mapping.rules.scope import Scope, compile_scope
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.resource import Acceptance
from scimweave.scim.schema import GROUP_TYPE
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import (
        GroupsModel,
        GuardModel,
        MappingModel,
        MemberFieldModel,
        MemberTableModel,
        ObjectsModel,
        SetModel,
        UsersModel,
    )

_MEMBERS = AttributePath(None, "members")
_GROUPS = AttributePath(None, "groups")
# What may be told of a part of a mapping, and be untrue of the whole.
_OF_THE_WHOLE = frozenset(
    {
        "active-unmapped",
        "match-empty",
        "match-unmapped",
        "missing-key",
        "never-matches",
        "not-set-back",
        "unknown-field",
        "unknown-let",
        "unknown-table",
        "unused-let",
        "unused-table",
    }
)
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def load(path: Path, env: Mapping[str, str] = os.environ) -> Program:
    """Compile a mapping file. Raises ``MappingError`` with all that is wrong with it."""
    files = Files()
    try:
        text = files.text(path)
    except MappingError as error:
        raise MappingError(error.diagnostics, files.digests) from None
    return load_text(text, path, env, files)


def load_text(
    text: str,
    name: Path | str,
    env: Mapping[str, str] = os.environ,
    files: Files | None = None,
) -> Program:
    """Compile the text of a mapping file; ``name`` stands for it in messages.

    ``files`` reads the others that it names, beside it. Raises ``MappingError``.
    """
    files = files or Files()
    program, findings = compile_text(text, name, env, files)
    if program is None:
        raise MappingError(findings, files.digests)
    return program


def compile_text(
    text: str,
    name: Path | str,
    env: Mapping[str, str],
    files: Files | None = None,
    *,
    is_base: bool = False,
) -> tuple[Program | None, list[Diagnostic]]:
    """Compile the text of a mapping file: a program where there is no error, and all findings.

    ``is_base`` says that others extend it, which bring what it lacks: it makes no program.
    """
    files = files or Files()
    try:
        read = read_document(text, str(name), files)
    except MappingError as error:
        return None, list(error.diagnostics)
    findings = read.findings
    findings += interpolate(read.document, env)
    findings += place_tables(read.document, files)
    program, findings = _Compiler(text, Path(name), read.document, findings, files).compile()
    findings = told(findings, read.document)
    if is_base or not read.is_whole:
        return None, [each for each in findings if each.code not in _OF_THE_WHOLE]
    return program, findings


class _Compiler:
    def __init__(
        self,
        text: str,
        file: Path,
        document: Document,
        findings: list[Diagnostic],
        files: Files,
    ) -> None:
        self.file = file
        self.files = MappingProxyType(files.digests)
        self.document = document
        self.data = document.data()
        self.report = Report(document)
        self.report.findings += findings
        self.tests_at_fault = False
        read = {str(path): digest.hex() for path, digest in files.digests.items()}
        self.digest = _digest([text, self.data, read])

    def compile(self) -> tuple[Program | None, list[Diagnostic]]:
        # pydantic takes a tenth of a second to import: only who compiles pays for it.
        from scimweave.mapping.model import read_model  # noqa: PLC0415
        from scimweave.mapping.shape import diagnose  # noqa: PLC0415

        model, faults = read_model(self.data)
        self.report.findings += diagnose(faults, self.document)
        self.report.complete = not faults
        # With one left out, the others have lost their places.
        self.tests_at_fault = any(fault.loc[0] == "tests" for fault in faults)
        program = self._program(model) if model is not None else None
        # A named expression that both users and groups read is looked at twice.
        findings = sorted(dict.fromkeys(self.report.findings), key=position)
        return (None if has_errors(findings) else program), findings

    def _program(self, model: MappingModel) -> Program:
        path = default_path(model.integration) if model.path is None else model.path
        if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
            message = f"{shown(path)} is not a path such as /api/v1/scim"
            hint = 'it starts with "/" and ends without one'
            self.report.at_value("bad-value", message, ("path",), help=hint)
        for problem in installed().problems:
            self.report.add("bad-package", problem, None)
        check_file(model, self.report)
        vocabulary = compile_extensions(model, self.report)
        lets = read_lets(model, self.report)
        users = self._users(model.users, lets.compiled("users", vocabulary, self.report))
        check_users(users, self.report)
        check_rules(model.users, users, self.report)
        check_reverse(model.users, users, self.report)
        check_scope(users, ALWAYS_THERE["users"], self.report)
        groups = None if model.groups is None else self._groups(model.groups, lets)
        if model.groups is not None and groups is not None:
            check_rules(model.groups, groups, self.report)
            check_reverse(model.groups, groups, self.report)
            check_scope(groups, ALWAYS_THERE["groups"], self.report)
        tests = [] if self.tests_at_fault else self._tests(model)
        return Program(
            file=self.file,
            integration=model.integration,
            title=model.title or model.integration,
            path=path,
            revision=_digest(self._rules())[:12],
            target=Target(model.target.connector, _options(model)),
            users=users,
            groups=groups,
            guard=_guard(model.guard),
            tests=tuple(tests),
            warnings=tuple(self.report.findings),
            digest=self.digest,
            files=self.files,
            _document=self.document,
        )

    def _tests(self, model: MappingModel) -> list[MappingTest]:
        sections = ("users",) if model.groups is None else ("users", "groups")
        names = {each: written_names(self.document, each) for each in sections}
        made = (
            compile_test(test, index, names, self.report) for index, test in enumerate(model.tests)
        )
        return [test for test in made if test is not None]

    def _rules(self) -> Any:
        """Return what projections follow from."""
        more = [self.data[key] for key in ("groups", "schema", "let") if self.data.get(key)]
        return [self.data["users"], *more] if more else self.data["users"]

    def _users(self, model: UsersModel, vocabulary: Vocabulary) -> UserProgram:
        fields = self._fields(model, "users", vocabulary)
        # Where there are groups, users are shown with those that they are in.
        shown_too = (_GROUPS,) if self.data.get("groups") else ()
        scope = compile_scope(model.scope, ("users", "scope"), vocabulary, self.report)
        taken = (*_sources(fields, scope), *declared(vocabulary), *shown_too)
        acceptance = Acceptance.of(vocabulary.resource_type, taken)
        return UserProgram(
            vocabulary=vocabulary,
            section="users",
            label="userName",
            object=model.object,
            key=model.key,
            match=tuple(model.match),
            unmapped=model.unmapped,
            ignore=self._ignored(model, "users", vocabulary),
            fields=fields,
            acceptance=acceptance,
            operations=self._operations(model, fields),
            patch_status=200 if model.patch_response == "auto" else model.patch_response,
            filterable=filterable(model, vocabulary, acceptance, self.report),
            scope=scope,
            lookup=model.lookup,
        )

    def _groups(self, model: GroupsModel, lets: Lets) -> GroupProgram:
        vocabulary = lets.compiled("groups", Vocabulary(GROUP_TYPE, {}), self.report)
        fields = self._fields(model, "groups", vocabulary)
        scope = compile_scope(model.scope, ("groups", "scope"), vocabulary, self.report)
        acceptance = Acceptance.of(GROUP_TYPE, (*_sources(fields, scope), _MEMBERS))
        given = model.operations
        return GroupProgram(
            vocabulary=vocabulary,
            section="groups",
            label="displayName",
            object=model.object,
            key=model.key,
            match=tuple(model.match),
            unmapped=model.unmapped,
            ignore=self._ignored(model, "groups", vocabulary),
            fields=fields,
            acceptance=acceptance,
            operations=Operations({}, {}, given.delete, given.missing),
            # All members of a large group in each answer would be a burden to both sides (Q67).
            patch_status=204 if model.patch_response == "auto" else model.patch_response,
            filterable=filterable(model, vocabulary, acceptance, self.report),
            scope=scope,
            members=_membership(model.members),
        )

    def _fields(
        self, model: ObjectsModel, section: str, vocabulary: Vocabulary
    ) -> tuple[Field, ...]:
        fields: list[Field] = []
        written = written_names(self.document, section)
        for name, rule in model.attributes.items():
            where: YamlPath = (section, "attributes", name)
            field = compile_field(name, rule, where, vocabulary, self.report, written)
            if field is None:
                self.report.complete = False
            else:
                fields.append(field)
        return tuple(fields)

    def _ignored(
        self, model: ObjectsModel, section: str, vocabulary: Vocabulary
    ) -> tuple[AttributePath, ...]:
        found = [
            ignored_path(text, (section, "ignore", index), vocabulary, self.report)
            for index, text in enumerate(model.ignore)
        ]
        return tuple(each for each in found if each is not None)

    def _operations(self, model: UsersModel, fields: tuple[Field, ...]) -> Operations:
        given = model.operations
        leave, come_back = given.deactivate, given.reactivate
        by_name = {field.name: field for field in fields}
        where: YamlPath = ("users", "operations")
        removes = leave is not None and leave.delete
        return Operations(
            deactivate_set=self._set(leave, by_name, (*where, "deactivate", "set")),
            reactivate_set=self._set(come_back, by_name, (*where, "reactivate", "set")),
            delete=_deletion(given.delete or ("deactivate" if leave else "delete"), removes),
            missing=given.missing,
            deactivate_call=leave.call if leave else None,
            reactivate_call=come_back.call if come_back else None,
            removes_leavers=removes,
        )

    def _set(
        self, given: SetModel | None, fields: Mapping[str, Field], where: YamlPath
    ) -> Mapping[str, Value]:
        values: dict[str, Value] = {}
        for name, value in ((given.set if given else None) or {}).items():
            field = fields.get(name)
            try:
                values[name] = value if field is None or value is None else field.fit(value)
            except Unfit as unfit:
                message = f"{shown(value)} {unfit.reason}"
                self.report.at_value("type-mismatch", message, (*where, name))
        return values


def _deletion(given: Deletion, removes: bool) -> Deletion:
    """A deactivation may be the removal of the account itself."""
    return "delete" if given == "deactivate" and removes else given


def _sources(fields: tuple[Field, ...], scope: Scope | None) -> list[AttributePath]:
    """Return what the rules read, and what decides who is provisioned."""
    read = [path for field in fields for path in field.sources]
    return read if scope is None else [*read, *scope.sources]


def _membership(
    model: MemberTableModel | MemberFieldModel | None,
) -> Membership | MemberField | None:
    from scimweave.mapping.model import MemberFieldModel  # noqa: PLC0415

    match model:
        case None:
            return None
        case MemberFieldModel():
            return MemberField(model.field)
        case table:
            return Membership(table.object, table.group, table.member)


def _guard(given: GuardModel | None) -> GuardProgram | None:
    window = read_duration(given.window) if given is not None else None
    if given is None or window is None:
        return None
    return GuardProgram(given.leavers, given.percent, window, given.window)


def _options(model: MappingModel) -> dict[str, Any]:
    return model.target.model_dump(by_alias=True, exclude_unset=True, exclude={"connector"})


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
