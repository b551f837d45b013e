"""The kind ``sql``: what a mapping file says of a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from scimweave.connectors.base import AccountShape, Connector, TargetError
from scimweave.connectors.kind import ConnectorKind, TargetOptions
from scimweave.connectors.sql.check import check_sql
from scimweave.mapping.model import Length, Model, Text, TypeName

TlsMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]


class PoolOptions(Model):
    """How many connections are kept, and how many seconds a request waits for a free one."""

    size: Length = Field(default=5, description="How many connections there are at most.")
    timeout: Length = Field(
        default=10, description="How many seconds a request waits for a free one."
    )


class TlsOptions(Model):
    """How the connection is encrypted; the modes are those of PostgreSQL's ``sslmode``.

    ``certificate`` and ``key`` are the files by which the database knows us.
    """

    mode: TlsMode = Field("verify-full", description="What is asked of the database, as sslmode.")
    ca: Text | None = Field(
        None, description="File of the certificates that the database's own is signed with."
    )
    certificate: Text | None = Field(None, description="File of a client certificate.")
    key: Text | None = Field(None, description="File of the key of the client certificate.")


class SoftDeleteOptions(Model):
    """The column that marks a row as deleted, of each table; such rows are not seen any more."""

    users: Text | None = Field(default=None, description="The column in the table of the users.")
    groups: Text | None = Field(default=None, description="The column in the table of the groups.")

    def of(self, section: str) -> str | None:
        """Return the column of the table of a section."""
        column: str | None = getattr(self, section)
        return column


class ListColumn(Model):
    """A column of a child table, filled from a key of the objects in the list."""

    from_: Text = Field(alias="from", min_length=1, description="The key in the objects.")
    type: TypeName | None = Field(None, description="What the column takes.")
    max_length: Length | None = Field(None, description="How many characters the column takes.")


def _long_form(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


class ChildOptions(Model):
    """A field of users whose value is a list of objects: each is a row of another table.

    ``parent`` is the column that holds the key of the account; the short form of a column is the
    key of the objects.
    """

    object: Text = Field(min_length=1, description="The table of the rows.")
    parent: Text = Field(min_length=1, description="The column that holds the key of the account.")
    columns: dict[str, Annotated[ListColumn, BeforeValidator(_long_form)]] = Field(
        min_length=1, description="Each column with the key of the objects that fills it."
    )


class SqlOptions(TargetOptions):
    """A database, by its SQLAlchemy URL; times are in seconds."""

    url: Text = Field(
        description="SQLAlchemy URL of the database; keep passwords in ${ENV}.",
        examples=["${DATABASE_URL:-sqlite:///var/target.db}"],
    )
    pool: PoolOptions = Field(PoolOptions(), description="The connections to a server.")
    connect_timeout: Length = Field(10, description="How long connecting may take, in seconds.")
    statement_timeout: Length = Field(30, description="How long a statement may take, in seconds.")
    tls: TlsOptions | None = Field(None, description="How the connection is encrypted.")
    soft_delete: SoftDeleteOptions = Field(
        SoftDeleteOptions(), description="The column that marks a row as deleted."
    )
    children: dict[str, ChildOptions] = Field(
        {}, description="Fields of users that are lists, each of them with the table of its rows."
    )


def read_options(options: Mapping[str, Any]) -> SqlOptions:
    """Return the options as a mapping file gives them. Raises ``TargetError``."""
    try:
        return SqlOptions.model_validate({"connector": "sql", **options})
    except ValidationError as error:
        found = error.errors()[0]
        if found["loc"] == ("url",):
            raise TargetError("a sql target needs a url, such as sqlite:///var/target.db") from None
        where = ".".join(map(str, found["loc"]))
        raise TargetError(f"target.{where}: {found['msg']}") from None


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    # SQLAlchemy takes a while to import, and not every target needs it.
    from scimweave.connectors.sql.open import open_sql  # noqa: PLC0415

    return await open_sql(options, shape)


KIND = ConnectorKind(
    "sql", SqlOptions, frozenset({"groups", "member-table", "delete", "scan"}), _open, check_sql
)
