"""What every connector must do, as tests: subclass ``ConnectorContract`` in your own.

    class TestMyConnector(ConnectorContract):
        @pytest.fixture
        async def connector(self):
            connector = await MyConnector.open(…, SHAPE)
            yield connector
            await connector.close()

The tests are coroutines: run them with pytest-asyncio in auto mode, or with anyio. A target that
calls its fields otherwise, or opens with another shape, says so by the attributes of the class.
"""
# ruff: noqa: S101, PT017 - these are tests, and need no pytest to be imported.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import ClassVar, TypeVar

from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    FieldShape,
    Gone,
    Key,
    NoSuchObject,
    Rejected,
    TargetError,
    Value,
)

E = TypeVar("E", bound=TargetError)

SHAPE = AccountShape(
    object="employees",
    key="id",
    match=("email",),
    fields=(
        FieldShape("email", "string", 255, required=True),
        FieldShape("display_name", "string"),
        FieldShape("job_title", "string", 50),
        FieldShape("is_active", "boolean"),
    ),
)

NASTY_TEXTS = (
    "O'Brien",
    'a "quoted" name',
    "'; DROP TABLE employees; --",
    "back\\slash \\' \\0",
    "50% _ * ? [a-z]",
    "(&(cn=*)(|(a=b)))",
    "{name} $name ${name} %(name)s :name ?1 <b>&amp;</b>",
    " leading and trailing ",
    "line\nbreak\r\nand\ttab",
    "Zoë Ångström e\u0301 ß İ ı",
    "山田太郎",
    "👩🏽‍💻🏳️‍🌈",
    "\u202eright to left\u202c\u200b\ufeff",
    "0012",
    "1e5",
    "null",
    "",
    "x" * 10_000,
)


async def refused(kind: type[E], attempt: Awaitable[object]) -> E:
    """Return the error of ``kind`` that the attempt ends with; anything else fails the test."""
    try:
        result = await attempt
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, got {result!r}")


class ConnectorContract:
    """The tests; the fixture ``connector`` is an empty target, opened with ``shape``.

    ``email``, ``display_name``, ``job_title`` and ``is_active`` are what the target calls these
    fields: three of text, of which the first is unique, and a boolean. ``rejected`` is a field
    of the shape with a value that it refuses, ``unknown_key`` the key of no account.
    ``empty_is_null`` is for targets that cannot tell an empty text from none.
    """

    shape: ClassVar[AccountShape] = SHAPE
    email: ClassVar[str] = "email"
    display_name: ClassVar[str] = "display_name"
    job_title: ClassVar[str] = "job_title"
    is_active: ClassVar[str] = "is_active"
    rejected: ClassVar[tuple[str, Value]] = ("job_title", "x" * 51)
    unknown_key: ClassVar[Key] = 987654
    empty_is_null: ClassVar[bool] = False

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that the tests write."""
        return self.email, self.display_name, self.job_title, self.is_active

    def kept(self, text: str) -> str | None:
        """Return what the target makes of a text that it takes."""
        return None if self.empty_is_null and not text else text

    async def test_an_account_reads_back_as_it_was_made(self, connector: Connector) -> None:
        """``read`` gives the values that ``create`` took, and null for the others."""
        key = await connector.create({self.email: "ada@example.com", self.is_active: True})
        account = await connector.read(key)
        assert account is not None
        assert account.key == key
        assert account.fields[self.email] == "ada@example.com"
        assert account.fields[self.is_active] is True
        assert account.fields[self.display_name] is None

    async def test_nasty_texts_are_kept_exactly(self, connector: Connector) -> None:
        """No text changes on its way in and out."""
        for number, text in enumerate(NASTY_TEXTS):
            fields = {self.email: f"user{number}@example.com", self.display_name: text}
            account = await connector.read(await connector.create(fields))
            assert account is not None, text
            assert account.fields[self.display_name] == self.kept(text)

    async def test_nasty_texts_are_updated_exactly(self, connector: Connector) -> None:
        """The same holds for ``update``."""
        key = await connector.create({self.email: "ada@example.com"})
        for text in NASTY_TEXTS:
            await connector.update(key, {self.display_name: text})
            account = await connector.read(key)
            assert account is not None, text
            assert account.fields[self.display_name] == self.kept(text)

    async def test_every_field_keeps_a_nasty_text_or_refuses_it_by_name(
        self, connector: Connector
    ) -> None:
        """No field is less safe than the others; the one that is unique holds the text too."""
        names = [field.name for field in self.shape.fields if field.type in ("string", None)]
        for number, text in enumerate(text for text in NASTY_TEXTS if text):
            for name in names:
                fields = {self.email: f"{number}-{name}@example.com", name: text}
                try:
                    key = await connector.create(fields)
                except Rejected as error:
                    assert error.field == name, (name, text)
                    continue
                account = await connector.read(key)
                assert account is not None, (name, text)
                assert account.fields[name] == text, (name, text)
                await connector.delete(key)

    async def test_a_nasty_text_finds_its_account_and_no_other(self, connector: Connector) -> None:
        """What is searched for is a value, never a pattern or a piece of a query."""
        texts = [text for text in NASTY_TEXTS if text.strip() and len(text) < 200]
        keys = {text: await connector.create({self.email: text}) for text in texts}
        for text, key in keys.items():
            assert [account.key for account in await connector.find(self.email, text)] == [key]

    async def test_nul_is_kept_or_refused_by_name(self, connector: Connector) -> None:
        """A NUL character is stored exactly, or the refusal names the field."""
        fields = {self.email: "ada@example.com", self.display_name: "a\0b"}
        try:
            key = await connector.create(fields)
        except Rejected as error:
            assert error.field == self.display_name
            return
        account = await connector.read(key)
        assert account is not None
        assert account.fields[self.display_name] == "a\0b"

    async def test_find_gives_what_matches(self, connector: Connector) -> None:
        """``find`` looks at one field, and gives whole accounts."""
        key = await connector.create({self.email: "ada@example.com", self.job_title: "Countess"})
        await connector.create({self.email: "grace@example.com"})
        (found,) = await connector.find(self.email, "ada@example.com")
        assert found.key == key
        assert found.fields[self.job_title] == "Countess"
        assert await connector.find(self.email, "nobody@example.com") == []

    async def test_find_gives_ten_at_most(self, connector: Connector) -> None:
        """Nobody needs more to see that a value is not unique."""
        for number in range(12):
            await connector.create({self.email: f"{number}@example.com", self.job_title: "Clerk"})
        assert len(await connector.find(self.job_title, "Clerk")) == 10

    async def test_null_finds_nothing(self, connector: Connector) -> None:
        """Two accounts without a value have nothing in common."""
        await connector.create({self.email: "ada@example.com"})
        assert await connector.find(self.job_title, None) == []

    async def test_update_leaves_other_fields(self, connector: Connector) -> None:
        """Only what is given changes; null clears."""
        key = await connector.create(
            {self.email: "ada@example.com", self.display_name: "Ada", self.job_title: "Countess"}
        )
        await connector.update(key, {self.job_title: None, self.is_active: False})
        account = await connector.read(key)
        assert account is not None
        assert {name: account.fields[name] for name in self.names} == {
            self.email: "ada@example.com",
            self.display_name: "Ada",
            self.job_title: None,
            self.is_active: False,
        }

    async def test_update_leaves_other_accounts(self, connector: Connector) -> None:
        """One account changes, whatever the others hold."""
        one = await connector.create({self.email: "ada@example.com", self.job_title: "Clerk"})
        other = await connector.create({self.email: "grace@example.com", self.job_title: "Clerk"})
        await connector.update(one, {self.job_title: "Countess"})
        account = await connector.read(other)
        assert account is not None
        assert account.fields[self.job_title] == "Clerk"

    async def test_a_deleted_account_is_gone(self, connector: Connector) -> None:
        """Afterwards nothing finds, changes or deletes it."""
        key = await connector.create({self.email: "ada@example.com"})
        await connector.delete(key)
        assert await connector.read(key) is None
        assert await connector.find(self.email, "ada@example.com") == []
        await refused(Gone, connector.update(key, {self.job_title: "Countess"}))
        await refused(Gone, connector.update(key, {}))
        await refused(Gone, connector.delete(key))

    async def test_an_unknown_key_is_gone(self, connector: Connector) -> None:
        """A key that never was is no other error than one that is no more."""
        assert await connector.read(self.unknown_key) is None
        await refused(Gone, connector.update(self.unknown_key, {self.job_title: "Countess"}))
        await refused(Gone, connector.delete(self.unknown_key))

    async def test_a_value_that_is_taken_is_a_conflict(self, connector: Connector) -> None:
        """The error names the field, and nothing has changed."""
        await connector.create({self.email: "ada@example.com"})
        error = await refused(Conflict, connector.create({self.email: "ada@example.com"}))
        assert error.field == self.email
        other = await connector.create({self.email: "grace@example.com"})
        changes = {self.email: "ada@example.com", self.job_title: "Countess"}
        error = await refused(Conflict, connector.update(other, changes))
        assert error.field == self.email
        account = await connector.read(other)
        assert account is not None
        assert account.fields[self.email] == "grace@example.com"
        assert account.fields[self.job_title] is None

    async def test_a_value_may_be_written_again(self, connector: Connector) -> None:
        """An account does not stand in its own way."""
        key = await connector.create({self.email: "ada@example.com"})
        await connector.update(key, {self.email: "ada@example.com"})
        assert len(await connector.find(self.email, "ada@example.com")) == 1

    async def test_a_refused_value_names_its_field(self, connector: Connector) -> None:
        """And nothing is written, neither a new account nor half an update."""
        name, value = self.rejected
        fields = {self.email: "ada@example.com", name: value}
        error = await refused(Rejected, connector.create(fields))
        assert error.field == name
        assert await connector.find(self.email, "ada@example.com") == []
        key = await connector.create({self.email: "ada@example.com"})
        error = await refused(
            Rejected, connector.update(key, {self.display_name: "A", name: value})
        )
        assert error.field == name
        account = await connector.read(key)
        assert account is not None
        assert account.fields[self.display_name] is None

    async def test_side_by_side_creations_are_different_accounts(
        self, connector: Connector
    ) -> None:
        """Many at once get a key each."""
        emails = [f"user{number}@example.com" for number in range(32)]
        keys = await asyncio.gather(*(connector.create({self.email: email}) for email in emails))
        assert len(set(keys)) == len(emails)
        accounts = [await connector.read(key) for key in keys]
        assert [account.fields[self.email] for account in accounts if account] == emails

    async def test_one_of_many_wins_a_unique_value(self, connector: Connector) -> None:
        """The others are told, and make nothing."""
        attempts = [connector.create({self.email: "ada@example.com"}) for _ in range(8)]
        results = await asyncio.gather(*attempts, return_exceptions=True)
        assert sum(isinstance(result, Conflict) for result in results) == 7
        assert len(await connector.find(self.email, "ada@example.com")) == 1

    async def test_a_scan_gives_every_account_once(self, connector: Connector) -> None:
        """Whole accounts, in pages; the last page says that it is the last."""
        made = {
            await connector.create({self.email: f"{number}@example.com", self.job_title: "Clerk"})
            for number in range(7)
        }
        pages = [page async for page in connector.scan()]
        accounts = [account for page in pages for account in page.accounts]
        assert sorted(map(str, made)) == sorted(str(account.key) for account in accounts)
        assert {account.fields[self.job_title] for account in accounts} == {"Clerk"}
        assert [page.cursor is None for page in pages] == [False] * (len(pages) - 1) + [True]

    async def test_a_scan_goes_on_where_it_ended(self, connector: Connector) -> None:
        """A cursor leads to all that comes after its page, and to nothing else."""
        for number in range(7):
            await connector.create({self.email: f"{number}@example.com"})
        pages = [page async for page in connector.scan()]
        for index, page in enumerate(pages[:-1]):
            rest = [each async for each in connector.scan(page.cursor)]
            keys = [account.key for each in rest for account in each.accounts]
            assert keys == [account.key for each in pages[index + 1 :] for account in each.accounts]

    async def test_a_scan_of_nothing_ends(self, connector: Connector) -> None:
        """A target without accounts is no error."""
        assert [account async for page in connector.scan() for account in page.accounts] == []

    async def test_a_target_that_answers_is_healthy(self, connector: Connector) -> None:
        """``health`` returns, before and after there are accounts."""
        await connector.health()
        await connector.create({self.email: "ada@example.com"})
        await connector.health()

    async def test_the_fields_are_described(self, connector: Connector) -> None:
        """``describe`` knows the key and the fields of the shape."""
        try:
            described = await connector.describe()
        except NoSuchObject as error:
            raise AssertionError("the fixture has to make the target's object") from error
        assert {self.shape.key, *(field.name for field in self.shape.fields)} <= set(described)
        assert all(name == field.name for name, field in described.items())

    async def test_close_can_be_called_twice(self, connector: Connector) -> None:
        """Who closes need not know whether somebody did."""
        await connector.close()
        await connector.close()
