"""The section ``tests``: what the mapping does, by examples."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scimweave.mapping.model.value import Anything, Flag, Model, Names, Text

TestedOperation = Literal[
    "create", "update", "deactivate", "reactivate", "delete", "out-of-scope", "members", "none"
]


class ReplyModel(Model):
    """The answer that a provider gets in a test; of ``body`` only what is named is compared."""

    status: int | None = Field(None, ge=200, le=599)
    body: dict[str, Anything] | None = Field(None, min_length=1)


class TestModel(Model):
    """An example of what the mapping does."""

    name: Text = Field(min_length=1)
    user: dict[str, Anything] | None = None
    group: dict[str, Anything] | None = None
    patch: list[dict[str, Anything]] | None = Field(None, min_length=1)
    put: dict[str, Anything] | None = None
    delete: Flag = False
    operation: TestedOperation | None = None
    target: dict[str, Anything] | None = None
    absent: Names = Field([])
    members: list[Text] | None = None
    error: Text | None = None
    reply: ReplyModel | None = None
