"""The target of mappings/directory.yaml, as tests look at it."""

from __future__ import annotations

from pathlib import Path

from employees import Employees
from scimweave.connectors.sql.ddl import init_target
from scimweave.mapping import load
from scimweave.provisioning.running import shapes_of

DIRECTORY = Path(__file__).parent.parent / "mappings" / "directory.yaml"


class Directory(Employees):
    """Its tables, read and changed behind scimweave's back."""

    def create(self) -> None:
        """Make the tables; the address has to be in the environment."""
        program = load(DIRECTORY)
        init_target(program.target, shapes_of(program))

    def members(self, group: str) -> list[str]:
        """Return the names of the users that the target has in a group."""
        rows = self.query(
            "SELECT user_name FROM users JOIN group_members ON user_id = users.id "
            "JOIN groups ON groups.id = group_id WHERE groups.name = ? ORDER BY users.id",
            group,
        )
        return [row["user_name"] for row in rows]
