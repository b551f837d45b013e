from __future__ import annotations

import time
import uuid

from scimweave.provisioning.lifecycle.identifiers import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_an_id_begins_with_the_moment_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_id()).int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
