"""One target field: its rule in the file becomes a closure over resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.project import KEEP, Field, FieldError, Reader
from scimweave.mapping.report import Report
from scimweave.mapping.rules.convert import Unfit, Value
from scimweave.mapping.rules.fitting import Fit, explained, fitting, looked_up, shown
from scimweave.mapping.rules.inverse import Inverses, Rule, inverses
from scimweave.mapping.rules.origin import Origin, Read, from_expression, from_paths, type_of
from scimweave.mapping.rules.reference import check_reference, referring
from scimweave.mapping.rules.secret import secret_paths
from scimweave.mapping.rules.vocabulary import Vocabulary
from scimweave.scim.syntax import AttributePath

if TYPE_CHECKING:
    from scimweave.mapping.model import AttributeModel

# What can become of each type of value; of text, everything.
_BECOMES: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"boolean", "string", "json"}),
    "integer": frozenset({"integer", "decimal", "string", "json"}),
    "decimal": frozenset({"integer", "decimal", "string", "json"}),
    "datetime": frozenset({"datetime", "string", "json"}),
    "json": frozenset({"json"}),
}
# Of a long table no more than this is told.
_MAX_ROWS_AT_FAULT = 20
# Values of these types come out of the schema check as they have to be.
_CHECKED = frozenset({"string", "boolean", "integer", "json"})
_WORDS = {"boolean": "true or false", "integer": "a whole number", "decimal": "a number"}
_WORDS |= {"datetime": "a date with a time", "json": "a list or an object"}

_NOT_BACK = Inverses((), "the key of an account is not the id of its user here")


def compile_field(
    name: str,
    rule: AttributeModel,
    where: YamlPath,
    vocabulary: Vocabulary,
    report: Report,
    fields: Sequence[str] = (),
) -> Field | None:
    """Compile the rule of one target field; None where something was reported.

    ``fields`` are those that the mapping writes: what ``reverse`` may name.
    """
    before = len(report.findings)
    compiler = _FieldCompiler(rule, where, vocabulary, report, fields)
    made = compiler.constant(name) if rule.has("const") else compiler.computed(name)
    return made if len(report.findings) == before else None


class _FieldCompiler:
    def __init__(
        self,
        rule: AttributeModel,
        where: YamlPath,
        vocabulary: Vocabulary,
        report: Report,
        fields: Sequence[str],
    ) -> None:
        self.fields = fields
        self.rule = rule
        self.where = where
        self.vocabulary = vocabulary
        self.report = report
        self.sensitive = rule.sensitive

    def constant(self, name: str) -> Field | None:
        """Compile ``const``."""
        if self.rule.ref is not None:
            check_reference(self.rule, self.where, self.vocabulary, self.report)
        self._only_one_origin()
        for key in ("values", "default"):
            if self.rule.has(key):
                message = f'"{key}" has no use beside "const"'
                self.report.at_key("conflicting-keys", message, (*self.where, key))
        made = self.rule.type or type_of(self.rule.const)
        fit = self._fit(made)
        value = self._literal(self.rule.const, fit, ("const",))
        return self._field(name, made, fit, (), (), "const", lambda _: value)

    def computed(self, name: str) -> Field | None:
        """Compile ``from`` and ``expr``, with what is done with their values."""
        origin = self._origin()
        default = self._default()
        if origin is None or default is None:
            return None
        sources = (*origin.sources, *default.sources)
        if secret_paths(sources):
            self.sensitive = True
        if self.rule.ref is not None:
            return self._reference(name, origin, default)
        made = self.rule.type or (
            _common_type(self.rule.values) if self.rule.values else origin.type
        )
        self._check_type(origin)
        fit = self._fit(made)
        table = self._table(fit)
        read_absent = self._absent(default, fit)
        finish = self._finish(origin, table, fit, made)
        read = _reading(origin.read, finish, read_absent)
        return self._field(name, made, fit, origin.sources, sources, origin.text, read, table)

    def _reference(self, name: str, origin: Origin, default: Origin) -> Field:
        check_reference(self.rule, self.where, self.vocabulary, self.report)
        fit = self._fit(self.rule.type)
        absent = self._absent(default, fit)
        read = referring(origin.read, absent, keep=self.rule.absent == "keep")
        return self._field(
            name, self.rule.type, fit, origin.sources, origin.sources, origin.text, read
        )

    def _field(
        self,
        name: str,
        made: str | None,
        fit: Fit,
        origins: tuple[AttributePath, ...],
        sources: tuple[AttributePath, ...],
        text: str,
        read: Reader,
        table: Mapping[str, Value] | None = None,
    ) -> Field:
        given = Rule(name, self.rule, self.where, origins, table, self.vocabulary, self.fields)
        is_reference = self.rule.ref is not None
        back = _NOT_BACK if is_reference else inverses(given, self.report)
        return Field(
            name=name,
            type=made,
            max_length=self.rule.max_length,
            required=self.rule.required,
            sensitive=self.sensitive,
            apply=self.rule.apply,
            sources=tuple(dict.fromkeys(sources)),
            source_text=text,
            read=read,
            fit=fit,
            secrets=secret_paths(dict.fromkeys(sources)),
            inverses=back.found,
            not_read=back.reason,
            refers=str(self.rule.expr or self.rule.from_) if is_reference else None,
            defaulted=self.rule.default is not None,
        )

    def _origin(self) -> Origin | None:
        if not self._only_one_origin():
            return None
        if self.rule.expr is not None:
            return self._expression(self.rule.expr, (*self.where, "expr"))
        where = (*self.where, "from")
        return from_paths(self.rule.from_ or [], where, self.vocabulary, self.report)

    def _only_one_origin(self) -> bool:
        given = [key for key, name in _ORIGINS.items() if self.rule.has(name)]
        if len(given) > 1:
            message = f'"{given[0]}" and "{given[1]}" cannot both be given'
            self.report.at_key("conflicting-keys", message, (*self.where, given[1]))
        elif not given:
            message = f'"{self.where[-1]}" has no source'
            hint = 'give one of "from", "expr", "const"'
            self.report.at_key("missing-key", message, self.where, help=hint)
        return len(given) == 1

    def _check_type(self, origin: Origin) -> None:
        """Refuse what can never work."""
        given = origin.type
        if given is None or given not in _BECOMES:
            return
        if self.rule.values:
            if given == "json":
                message = f"{origin.text} is {_WORDS[given]}; a table looks up a single value"
                self.report.at_key("type-mismatch", message, (*self.where, "values"))
        elif self.rule.type and self.rule.type not in _BECOMES[given]:
            message = f"{origin.text} is {_WORDS[given]} and never becomes {self.rule.type}"
            self.report.at_value("type-mismatch", message, (*self.where, "type"))

    def _fit(self, made: str | None) -> Fit:
        limit = self.rule.max_length
        if limit is not None and made not in {None, "string"}:
            message = f'"max_length" is for text, and this field is {made}'
            self.report.at_key("type-mismatch", message, (*self.where, "max_length"))
        return fitting(made, limit)

    def _table(self, fit: Fit) -> dict[str, Value] | None:
        if self.rule.values is None:
            return None
        before = len(self.report.findings)
        table: dict[str, Value] = {}
        for key, value in self.rule.values.items():
            table[key] = self._literal(value, fit, ("values", key))
            if len(self.report.findings) - before == _MAX_ROWS_AT_FAULT:
                break
        return table

    def _literal(self, value: Any, fit: Fit, key: YamlPath) -> Value:
        if value is None:
            return None
        try:
            return fit(value)
        except Unfit as unfit:
            self.report.at_value(
                "type-mismatch", f"{shown(value)} {unfit.reason}", (*self.where, *key)
            )
            return None

    def _default(self) -> Origin | None:
        """Return where the default comes from; its text says how it is written."""
        default = self.rule.default
        path = (*self.where, "default")
        if not (isinstance(default, dict) and "expr" in default):
            return Origin(lambda _: default, (), None, "literal")
        for key in default.keys() - {"expr"}:
            self.report.at_key("unknown-key", f'unknown key "{key}"', (*path, key))
        if not isinstance(default["expr"], str):
            self.report.at_value("wrong-type", '"expr" is text', (*path, "expr"))
            return None
        return self._expression(default["expr"], (*path, "expr"))

    def _expression(self, text: str, path: YamlPath) -> Origin | None:
        return from_expression(
            text,
            path,
            self.vocabulary,
            self.report,
            sensitive=self.rule.sensitive,
            once=self.rule.apply == "on_create",
        )

    def _absent(self, default: Origin, fit: Fit) -> Reader:
        """Return what is read where the source gives nothing."""
        if default.text == "literal" and self.rule.default is not None:
            value = self._literal(self.rule.default, fit, ("default",))
            return lambda _: value
        nothing = _nothing(self.rule)
        if default.text == "literal":
            return nothing
        finish = explained(fit, sensitive=self.sensitive)
        return _reading(default.read, finish, nothing)

    def _finish(
        self, origin: Origin, table: dict[str, Value] | None, fit: Fit, made: str | None
    ) -> Callable[[Any], Value] | None:
        if table is not None:
            look_up = looked_up(table, required=self.rule.required)
            return explained(look_up, sensitive=self.sensitive)
        if self.rule.max_length is None and (
            made is None or made == "json" or (made == origin.type and made in _CHECKED)
        ):
            return None
        return explained(fit, sensitive=self.sensitive)


_ORIGINS = {"from": "from_", "expr": "expr", "const": "const"}


def _nothing(rule: AttributeModel) -> Reader:
    if rule.required:

        def refuse(resource: dict[str, Any]) -> Value:
            raise FieldError("is required")

        return refuse
    value = KEEP if rule.absent == "keep" else None
    return lambda _: value


def _reading(read: Read, finish: Callable[[Any], Value] | None, absent: Reader) -> Reader:
    # An empty string is what providers send to clear an attribute.
    if finish is None:

        def plain(resource: dict[str, Any]) -> Value:
            value = read(resource)
            return absent(resource) if value is None or value == "" else value

        return plain

    def finished(resource: dict[str, Any]) -> Value:
        value = read(resource)
        return absent(resource) if value is None or value == "" else finish(value)

    return finished


def _common_type(table: Mapping[str, Any]) -> str | None:
    types = {type_of(value) for value in table.values() if value is not None}
    return types.pop() if len(types) == 1 else None
