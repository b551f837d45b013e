"""Between the store's values and the columns of its SQLite tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from scimweave.store.base import (
    Change,
    Entry,
    Hold,
    Intent,
    KeyRecord,
    Leaver,
    Link,
    Lookup,
    MemberDelta,
    OpenIntent,
    Record,
    StoreError,
)

Row = Sequence[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Return the UTC time of ``micros``."""
    return _EPOCH + value * _MICROSECOND


def encode(value: Any) -> bytes:
    """Return JSON. Raises ``StoreError`` for what it cannot hold, as half a surrogate pair."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise StoreError(f"a value cannot be stored: {error}") from error


class Encoded(NamedTuple):
    """A record as it is stored: what changes with each version, and what never does."""

    id: str
    resource_type: str
    # Body, version, modified and the three columns of the link.
    columns: tuple[Any, ...]
    created: int
    link: Link | None
    # None: those that are there stay.
    lookups: Sequence[Lookup] | None


def encoded(record: Record, lookups: Sequence[Lookup] | None) -> Encoded:
    """Encode a record for the writing thread. Raises ``StoreError``."""
    link = record.link
    columns = (
        encode(record.resource),
        record.version,
        micros(record.last_modified),
        link.key if link else None,
        encode(link.projection) if link else None,
        link.revision if link else None,
    )
    created = micros(record.created)
    return Encoded(record.id, record.resource_type, columns, created, link, lookups)


def record_from(row: Row) -> Record:
    """Decode seq, id, resource_type, body, version, created, modified and the link's columns."""
    _, id_, resource_type, body, version, created, modified, key, projection, revision = row
    link = None if projection is None else Link(key, orjson.loads(projection), revision)
    return Record(
        id_, resource_type, orjson.loads(body), version, moment(created), moment(modified), link
    )


def known_by(intent: Intent) -> tuple[str, str, str]:
    """Return the integration, and by which name it knows which resource."""
    return intent.integration, intent.label.casefold(), intent.resource_id


def intent_columns(intent: Intent, at: datetime) -> tuple[Any, ...]:
    """Return the columns of an intent, without its id."""
    link = intent.after.link if intent.after else None
    is_all_new = link is not None and link.projection == intent.delivery
    payload: dict[str, Any] = {
        "before": intent.before,
        "after": _record_json(intent.after),
        # The link of a new account says the same.
        "delivery": None if is_all_new else intent.delivery,
    }
    if members := intent.members:
        payload["members"] = [members.added, members.removed, members.displays]
    return (
        micros(at),
        intent.integration,
        intent.resource_type,
        intent.resource_id,
        str(intent.operation),
        intent.label,
        encode([(change.field, change.old, change.new) for change in intent.changes]),
        intent.revision,
        intent.key,
        1 if intent.leaver else None,
        encode(payload),
    )


def open_intent_from(row: Row) -> OpenIntent:
    """Decode id, the columns of ``Intent`` that the log keeps, and the payload."""
    id_, integration, resource_type, resource_id, operation, label, changes, *rest = row
    revision, key, raw = rest
    payload = orjson.loads(raw)
    after = _record_from_json(payload["after"])
    delivery = payload["delivery"]
    if delivery is None:
        assert after is not None  # noqa: S101 - only a link can say the same
        assert after.link is not None  # noqa: S101
        delivery = after.link.projection
    intent = Intent(
        integration=integration,
        resource_type=resource_type,
        resource_id=resource_id,
        operation=operation,
        label=label,
        changes=_changes_from(changes),
        revision=revision,
        before=payload["before"],
        after=after,
        key=key,
        delivery=delivery,
        members=_members(*payload.get("members", ())),
    )
    return OpenIntent(id_, intent)


def entry_from(row: Row) -> Entry:
    """Decode the columns of ``Entry``, in its order."""
    id_, at, integration, resource_type, resource_id, operation, label, changes, *rest = row
    revision, key, outcome, detail, closed = rest
    return Entry(
        id_,
        moment(at),
        integration,
        resource_type,
        resource_id,
        operation,
        label,
        _changes_from(changes),
        revision,
        key,
        outcome,
        detail,
        _optional_moment(closed),
    )


def hold_columns(hold: Hold) -> tuple[Any, ...]:
    """Return the columns of ``Hold``, in its order."""
    return (
        hold.resource_type,
        hold.resource_id,
        hold.operation,
        hold.label,
        hold.name,
        hold.reason,
        micros(hold.since),
        hold.key,
        None if hold.record is None else encode(_record_json(hold.record)),
        encode(hold.groups),
    )


def hold_from(row: Row) -> Hold:
    """Decode ``hold_columns``."""
    kind, id_, operation, label, name, reason, since, key, record, groups = row
    kept = None if record is None else _record_from_json(orjson.loads(record))
    at = moment(since)
    return Hold(
        kind, id_, operation, label, name, reason, at, key, kept, tuple(orjson.loads(groups))
    )


def leaver_from(row: Row) -> Leaver:
    """Decode the columns of ``Leaver``, in its order."""
    resource_id, at, is_in_use = row
    return Leaver(resource_id, moment(at), bool(is_in_use))


def key_from(row: Row) -> KeyRecord:
    """Decode the columns of ``KeyRecord``, in its order."""
    id_, integration, digest, hint, created, expires, last_used = row
    return KeyRecord(
        id_,
        integration,
        digest,
        hint,
        moment(created),
        _optional_moment(expires),
        _optional_moment(last_used),
    )


def _optional_moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def _changes_from(raw: bytes) -> tuple[Change, ...]:
    return tuple(Change(*each) for each in orjson.loads(raw))


def _record_json(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    link = record.link
    return {
        "id": record.id,
        "type": record.resource_type,
        "resource": record.resource,
        "version": record.version,
        "created": micros(record.created),
        "modified": micros(record.last_modified),
        "link": (link.key, link.projection, link.revision) if link else None,
    }


def _record_from_json(value: dict[str, Any] | None) -> Record | None:
    if value is None:
        return None
    link = value["link"]
    return Record(
        value["id"],
        value["type"],
        value["resource"],
        value["version"],
        moment(value["created"]),
        moment(value["modified"]),
        Link(*link) if link else None,
    )


def _members(
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    displays: Mapping[str, str] | None = None,
) -> MemberDelta:
    return MemberDelta(tuple(added), tuple(removed), displays or {})
