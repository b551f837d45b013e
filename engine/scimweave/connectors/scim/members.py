"""Members of a group at a SCIM service: by what changes, or by the whole list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any

from scimweave.connectors.base import Key, TargetError, Unreachable
from scimweave.connectors.scim.path import Place
from scimweave.connectors.scim.requests import NoTarget, ScimRequests, version
from scimweave.scim.schema import PATCH_OP


class ScimMembers:
    """Changes members, at most ``batch`` with one request."""

    def __init__(self, requests: ScimRequests, batch: int) -> None:
        self._requests = requests
        self._batch = batch
        self._replacing = asyncio.Lock()

    async def listed(self, path: str, place: Place) -> list[Key]:
        """Return the ids of the members of the group at ``path``. Raises ``TargetError``."""
        group, _ = await self._group(path)
        return [each["value"] for each in _elements(place, group)]

    async def add(self, path: str, place: Place, members: Iterable[Key]) -> None:
        """Put members into a group by PATCH. Raises ``TargetError``."""
        name = str(place.path)
        for start, some in self._batches(members):
            added = [{"value": str(each)} for each in some]
            await self._patch(path, [{"op": "add", "path": name, "value": added}], start)

    async def remove(self, path: str, place: Place, members: Iterable[Key]) -> None:
        """Take members out of a group by PATCH. Raises ``TargetError``."""
        for start, some in self._batches(members):
            try:
                await self._patch(path, _removals(place, some), start)
            except NoTarget:
                # Somebody is not in the group, which some services refuse.
                there = {str(each) for each in await self.listed(path, place)}
                left = [each for each in some if str(each) in there]
                if left:
                    await self._patch(path, _removals(place, left), start)

    async def replace(
        self, path: str, place: Place, joining: Iterable[Key], leaving: Iterable[Key]
    ) -> None:
        """Write the whole group with its members changed (PUT). Raises ``TargetError``."""
        gone = {str(each) for each in leaving}
        new = [str(each) for each in joining]
        async with self._replacing:
            group, etag = await self._group(path)
            before = _elements(place, group)
            known = {str(each["value"]) for each in before}
            kept = [each for each in before if str(each["value"]) not in gone]
            added = [{"value": each} for each in dict.fromkeys(new) if each not in known]
            if not added and len(kept) == len(before):
                return
            place.write(group, [*kept, *added])
            group.pop("meta", None)
            await self._requests.send("PUT", path, body=group, if_match=etag)

    async def _group(self, path: str) -> tuple[dict[str, Any], str | None]:
        answer = await self._requests.send("GET", path)
        group = self._requests.json(answer, "GET", path)
        return group, version(answer, group)

    async def _patch(self, path: str, operations: list[dict[str, Any]], start: int) -> None:
        body = {"schemas": [PATCH_OP], "Operations": operations}
        try:
            await self._requests.send("PATCH", path, body=body)
        except NoTarget:
            raise
        except TargetError as error:
            if not start:
                raise
            # Some of them are in, or out, already.
            raise Unreachable(str(error), applied=None) from error

    def _batches(self, members: Iterable[Key]) -> Iterable[tuple[int, Sequence[Key]]]:
        once = list(dict.fromkeys(members))
        for start in range(0, len(once), self._batch):
            yield start, once[start : start + self._batch]


def _elements(place: Place, group: dict[str, Any]) -> list[dict[str, Any]]:
    found = place.read(group)
    return [
        each for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict) and each.get("value") is not None
    ]  # fmt: skip


def _removals(place: Place, members: Iterable[Key]) -> list[dict[str, Any]]:
    return [
        {"op": "remove", "path": f"{place.path}[value eq {json.dumps(str(each))}]"}
        for each in members
    ]
