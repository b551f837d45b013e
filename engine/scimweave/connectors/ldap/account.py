"""How an account is an entry of a directory: its name, its attributes, and what changes."""

from __future__ import annotations

import string
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from scimweave.connectors.base import Account, AccountShape, Key, Rejected, Value
from scimweave.connectors.ldap.dn import BadDn, Dn, Rdn
from scimweave.connectors.ldap.dn_template import DnTemplate, NoValue
from scimweave.connectors.ldap.flags import filter_of, flag_of, with_flag
from scimweave.connectors.ldap.schema import Schema
from scimweave.connectors.ldap.session import Entry
from scimweave.connectors.ldap.values import Unfit, as_text, decoded, encoded

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapUsers

T = TypeVar("T")
Steps = list[tuple[Literal["ADD", "DELETE", "REPLACE"], list[bytes]]]

DN = "dn"
# What needs no escape in a filter, whatever stands beside it.
_PLAIN = frozenset(string.ascii_letters.encode() + string.digits.encode())


@dataclass(slots=True)
class Plan:
    """What brings an entry to what is wanted: another name, other values; each may be nothing."""

    leaf: Rdn | None = None
    parent: Dn | None = None
    changes: dict[str, Steps] = field(default_factory=dict)


class AccountEntries:
    """The entries of one kind of account; ``where`` is its section in the file."""

    def __init__(self, shape: AccountShape, options: LdapUsers, schema: Schema) -> None:
        self.template = DnTemplate(options.dn)
        self._shape = shape
        self._schema = schema
        self._flags = options.flags
        self._types = {each.name: each.type for each in shape.fields}
        self.dn_only = self.template.places | set(options.dn_fields)
        self.classes = (shape.object, *options.classes)
        self._filter = f"(objectClass={filter_value(shape.object)}){options.filter or ''}"

    @property
    def wanted(self) -> list[str]:
        """The attributes to ask for."""
        names = {self.attribute(name) for name in self._types if name not in self.dn_only}
        names |= {self._shape.key} - {DN}
        names |= {name for name in self.template.fields if name not in self.dn_only}
        return sorted(names)

    def all_of_them(self) -> str:
        """Return the filter of all accounts."""
        return f"(&{self._filter})"

    def with_value(self, name: str, value: Value) -> str | None:
        """Return the filter of the accounts with a value; None where no entry can have it."""
        if flag := self._flags.get(name):
            of_flag = filter_of(flag, value)
            return of_flag and f"(&{self._filter}{of_flag})"
        try:
            (raw,) = encoded(self._schema.attribute(name).kind, value)
        except (Unfit, ValueError):
            return None
        return f"(&{self._filter}({name}={filter_value(raw)}))"

    def with_key(self, key: Key) -> str | None:
        """Return the filter of the account with a key; None where no entry can have it."""
        return key_filter(self._schema, self._shape.key, key)

    def key(self, entry: Entry) -> Key | None:
        """Return the key of an entry; None where it has none."""
        return key_of(self._schema, self._shape.key, entry)

    def account(self, entry: Entry) -> Account | None:
        """Return what the mapping knows of an entry; None where it has no key."""
        key = self.key(entry)
        if key is None:
            return None
        in_name = self.template.read(Dn.parse(entry.dn)) if self.dn_only else {}
        return Account(
            key,
            {
                name: in_name.get(name) if name in self.dn_only else self._read(entry, name)
                for name in self._types
            },
        )

    def new(self, fields: Mapping[str, Value]) -> tuple[Dn, dict[str, list[bytes]]]:
        """Return the name and the attributes of a new entry. Raises ``Rejected``."""
        attributes: dict[str, list[bytes]] = {
            "objectClass": [name.encode() for name in self.classes]
        }
        numbers: dict[str, int | None] = {}
        for name, value in fields.items():
            if name in self.dn_only:
                continue
            if flag := self._flags.get(name):
                numbers[flag.attribute] = with_flag(flag, numbers.get(flag.attribute), value)
            elif values := self._encoded(name, value):
                attributes[name] = values
        attributes |= {
            name: [b"%d" % number] for name, number in numbers.items() if number is not None
        }
        texts = self._texts(fields)
        leaf = self._rendered(lambda: self.template.leaf(texts))
        for name, text in leaf.pairs:
            values = attributes.setdefault(self._written_as(name, attributes), [])
            if text.encode() not in values:
                values.append(text.encode())
        parent = self._rendered(lambda: self.template.parent(texts))
        return Dn((leaf, *parent.rdns)), attributes

    def plan(self, entry: Entry, fields: Mapping[str, Value]) -> Plan:
        """Return what changes an entry to have ``fields``. Raises ``Rejected``."""
        dn = Dn.parse(entry.dn)
        plan = self._renaming(entry, dn, fields)
        numbers: dict[str, int | None] = {}
        for name, value in fields.items():
            if name in self.dn_only:
                continue
            if flag := self._flags.get(name):
                attribute = flag.attribute
                now = numbers[attribute] if attribute in numbers else self._number(entry, attribute)
                numbers[attribute] = with_flag(flag, now, value)
                continue
            values = self._values_after(entry, name, dn.leaf, plan.leaf)
            if steps := self._steps(name, values, self._encoded(name, value)):
                plan.changes[name] = steps
        for attribute, number in numbers.items():
            values = entry.values(*self._schema.attribute(attribute).names)
            if number is not None and [b"%d" % number] != values:
                # The number is taken away as it was read: who changed it meanwhile is not undone.
                taken: Steps = [("DELETE", values)] if values else []
                plan.changes[attribute] = [*taken, ("ADD", [b"%d" % number])]
        return plan

    def refuse_another_key(self, entry: Entry, fields: Mapping[str, Value]) -> None:
        """Raise ``Rejected`` where an update would change the key itself."""
        name = self._shape.key
        if name in fields and self._encoded(name, fields[name]) != entry.values(
            *self._schema.attribute(name).names
        ):
            raise Rejected("the key of an account cannot be changed", name)

    def field_of(self, attribute: str) -> str:
        """Return the field that an attribute is written by."""
        for name, flag in self._flags.items():
            if flag.attribute == attribute:
                return name
        return attribute

    def _renaming(self, entry: Entry, dn: Dn, fields: Mapping[str, Value]) -> Plan:
        if not self.template.fields & fields.keys():
            return Plan()
        texts = {**self._texts_of(entry, dn), **self._texts(fields)}
        texts = {name: text for name, text in texts.items() if text}
        plan = Plan()
        if self.template.leaf_fields & fields.keys():
            leaf = self._rendered(lambda: self.template.leaf(texts))
            if leaf.pairs != dn.leaf.pairs:
                plan.leaf = leaf
        # An account that was there before stays where it is, until a field says another place.
        if self.template.parent_fields & fields.keys():
            parent = self._rendered(lambda: self.template.parent(texts))
            if parent.normal != dn.parent.normal:
                plan.parent = parent
        if (plan.leaf or plan.parent) and self._shape.key == DN:
            raise Rejected(
                "the entry would get another DN, which is its key; "
                'give "key" a stable attribute, such as entryUUID',
                next(iter(self.template.fields & fields.keys())),
            )
        return plan

    def _values_after(self, entry: Entry, name: str, old: Rdn, new: Rdn | None) -> list[bytes]:
        """Return the values of an attribute as the renaming leaves them."""
        names = self._schema.attribute(name).names
        values = entry.values(*names)
        if new is None:
            return values
        known = {each.lower() for each in names}
        gone = {value.encode() for each, value in old.pairs if each.lower() in known}
        come = [value.encode() for each, value in new.pairs if each.lower() in known]
        stay = [value for value in values if value not in gone and value not in come]
        return [*stay, *come]

    def _steps(self, name: str, now: Sequence[bytes], wanted: Sequence[bytes]) -> Steps:
        if len(now) == len(wanted) and set(now) == set(wanted):
            return []
        attribute = self._schema.attribute(name)
        is_list = self._types.get(name) == "json" or max(len(now), len(wanted)) > 1
        if attribute.single or not attribute.comparable or not is_list:
            return [("REPLACE", list(wanted))]
        steps: Steps = []
        if gone := [value for value in now if value not in wanted]:
            steps.append(("DELETE", gone))
        if come := [value for value in wanted if value not in now]:
            steps.append(("ADD", come))
        return steps

    def _read(self, entry: Entry, name: str) -> Value:
        if flag := self._flags.get(name):
            return flag_of(flag, self._number(entry, flag.attribute))
        attribute = self._schema.attribute(name)
        return decoded(attribute.kind, self._types.get(name), entry.values(*attribute.names))

    def _number(self, entry: Entry, attribute: str) -> int | None:
        found = entry.values(*self._schema.attribute(attribute).names)
        return int(found[0]) if found else None

    def _encoded(self, name: str, value: Value) -> list[bytes]:
        attribute = self._schema.attribute(name)
        try:
            return encoded(attribute.kind, value)
        except Unfit as error:
            raise Rejected(str(error), name) from error

    def attribute(self, name: str) -> str:
        """Return the attribute that a field is written to."""
        flag = self._flags.get(name)
        return flag.attribute if flag else name

    def _written_as(self, name: str, attributes: Collection[str]) -> str:
        """Return under which of its names an attribute is among some."""
        names = {each.lower() for each in self._schema.attribute(name).names}
        return next((each for each in attributes if each.lower() in names), name)

    def _texts(self, fields: Mapping[str, Value]) -> dict[str, str]:
        found = {}
        for name in self.template.fields & fields.keys():
            try:
                found[name] = "" if fields[name] is None else as_text(fields[name])
                found[name].encode()
            except UnicodeEncodeError:
                raise Rejected("is not valid Unicode", name) from None
            except Unfit as error:
                raise Rejected(f"the DN is made of it, and it {error}", name) from error
        return found

    def _texts_of(self, entry: Entry, dn: Dn) -> dict[str, str]:
        found = self.template.read(dn)
        for name in self.template.fields - self.dn_only:
            if values := entry.values(*self._schema.attribute(name).names):
                # Of several values the name has one.
                texts = [value.decode(errors="replace") for value in values]
                found[name] = found[name] if found.get(name) in texts else texts[0]
        return found

    def _rendered(self, render: Callable[[], T]) -> T:
        try:
            return render()
        except NoValue as error:
            raise Rejected(str(error), error.field) from error
        except BadDn as error:
            place = next(iter(self.template.places), None)
            raise Rejected(f"is no piece of a DN: {error}", place) from error


def key_filter(schema: Schema, name: str, key: Key) -> str | None:
    """Return the filter of the entry with a key; None where no entry can have it."""
    try:
        (raw,) = encoded(schema.attribute(name).kind, key)
    except (Unfit, ValueError):
        return None
    return f"({name}={filter_value(raw)})"


def key_of(schema: Schema, name: str, entry: Entry) -> Key | None:
    """Return the key of an entry; None where it has none."""
    if name == DN:
        return entry.dn
    attribute = schema.attribute(name)
    value = decoded(attribute.kind, None, entry.values(*attribute.names)[:1])
    return value if value is None or isinstance(value, int | str) else str(value)


def filter_value(value: str | bytes) -> str:
    """Write a value so that nothing of it is taken for a part of a filter (RFC 4515 §3)."""
    raw = value.encode() if isinstance(value, str) else value
    return "".join(chr(each) if each in _PLAIN else f"\\{each:02x}" for each in raw)
