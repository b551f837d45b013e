"""The kind ``ldap``: what a mapping file says of a directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from scimweave.connectors.base import AccountShape, Connector, TargetError
from scimweave.connectors.kind import ConnectorKind, Problem, TargetOptions
from scimweave.mapping.model import Flag, Length, MappingModel, Model, Names, Secret, Text


class LdapBind(Model):
    """Who writes to the directory."""

    dn: Text = Field(
        min_length=1,
        description="The name of the account that writes to the directory.",
        examples=["cn=scimweave,dc=example,dc=com"],
    )
    password: Secret = Field(
        repr=False,
        description="Its password, as ${ENV}.",
        examples=["${LDAP_PASSWORD}"],
    )


class LdapTls(Model):
    """How the connection is encrypted."""

    start: Flag = Field(False, description="Encrypt a plain connection before the bind (StartTLS).")
    verify: Flag = Field(True, description="Whether the directory's certificate is checked.")
    ca: Text | None = Field(
        None,
        description="File of the certificates that the directory's own is signed with.",
        examples=["/etc/ssl/certs/directory-ca.pem"],
    )
    certificate: Text | None = Field(None, description="File of a client certificate.")
    key: Text | None = Field(None, description="File of the key of the client certificate.")


class LdapFlag(Model):
    """A boolean field that is one bit of a number, such as Active Directory's disable bit."""

    attribute: Text = Field(
        min_length=1, description="The attribute that holds the number; its other bits stay."
    )
    bit: Length = Field(description="The value of the bit: 1, 2, 4, …", examples=[2])
    inverted: Flag = Field(False, description="Whether the bit is set where the field is false.")
    initial: Length | None = Field(
        None, description="The number that a new account starts from.", examples=[512]
    )


class LdapUsers(Model):
    """Where accounts are in the directory, and what they are."""

    dn: Text = Field(
        min_length=1,
        description="The name of a new entry, with fields in braces.",
        examples=["uid={uid},ou=people,dc=example,dc=com"],
    )
    dn_fields: Names = Field(
        default_factory=list,
        description="Fields that stand in the name only, and are no attributes.",
    )
    classes: Names = Field(
        default_factory=list, description="Further object classes of a new entry."
    )
    base: Text | None = Field(
        None, description="Where entries are looked for; the base of the target unless given."
    )
    filter: Text | None = Field(
        None,
        description="An LDAP filter: which entries of the object class are accounts.",
        examples=["(!(objectClass=computer))"],
    )
    flags: dict[str, LdapFlag] = Field(
        default_factory=dict, description="Boolean fields that are bits of a number."
    )


class LdapGroups(LdapUsers):
    """Where groups are in the directory, and how they hold their members."""

    member_value: Text = Field(
        "dn",
        description="What a group holds of a member: dn, or an attribute such as uid.",
        examples=["uid"],
    )
    member_key: Text | None = Field(
        None, description="The key of users, where it is not the one of groups."
    )
    empty_member: Text = Field(
        "cn=nobody",
        description="What a group holds while it has no members, where its class wants one.",
    )


class LdapOptions(TargetOptions):
    """A directory, by its LDAP address."""

    url: Text = Field(
        pattern=r"\A(ldaps?://[^/?#@]+|ldapi://[^?#]+)/?\z",
        description="Address of the directory: ldaps://, ldap:// or ldapi://.",
        examples=["ldaps://ldap.example.com"],
    )
    bind: LdapBind | None = Field(None, description="Who writes; nobody unless given.")
    tls: LdapTls | None = Field(None, description="How the connection is encrypted.")
    base: Text = Field(
        min_length=1,
        description="The entry below which everything is looked for.",
        examples=["dc=example,dc=com"],
    )
    timeout: Length = Field(10, description="How long an answer may take, in seconds.")
    pool: Length = Field(4, description="How many connections there are at most.")
    page_size: Length = Field(500, description="How many entries are read at once.")
    users: LdapUsers = Field(description="Where accounts are, and what they are.")
    groups: LdapGroups | None = Field(None, description="Where groups are, and what they are.")

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS begins with the first byte."""
        return self.url.startswith("ldaps:")


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    try:
        from scimweave.connectors.ldap.connector import LdapConnector  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("ldap3", "pyasn1"):
            raise
        raise TargetError(
            'the connector "ldap" needs the package ldap3: pip install "scimweave[ldap]"'
        ) from error
    return LdapConnector.open(options, shape)


def _check(model: MappingModel) -> Iterable[Problem]:
    from scimweave.connectors.ldap.check import check_ldap  # noqa: PLC0415

    return check_ldap(model)


KIND = ConnectorKind(
    "ldap", LdapOptions, frozenset({"groups", "member-field", "delete", "scan"}), _open, _check
)
