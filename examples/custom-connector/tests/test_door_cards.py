from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from door_cards.connector import DoorCards
from door_cards.functions import card_number, check_digit

from scimweave.connectors.base import NoSuchObject, Unreachable
from scimweave.connectors.contract import SHAPE, ConnectorContract


class TestDoorCards(ConnectorContract):
    """What every connector has to do."""

    unknown_key = "00000000000000000000000000000000"

    @pytest.fixture
    async def connector(self, tmp_path: Path) -> AsyncIterator[DoorCards]:
        connector = await DoorCards.open(tmp_path, self.shape)
        yield connector
        await connector.close()


async def test_a_key_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    folder.mkdir()
    (tmp_path / "secret.json").write_text("{}")
    cards = await DoorCards.open(folder, SHAPE)
    assert await cards.read("../secret") is None


async def test_a_reader_never_sees_half_a_card(tmp_path: Path) -> None:
    cards = await DoorCards.open(tmp_path, SHAPE)
    key = await cards.create({"email": "ada@example.com"})
    assert [file.name for file in tmp_path.glob("*.json")] == [f"{key}.json"]
    assert json.loads((tmp_path / f"{key}.json").read_text())["email"] == "ada@example.com"
    assert list(tmp_path.glob("*.tmp")) == []


async def test_a_folder_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(NoSuchObject):
        await DoorCards.open(tmp_path / "cards", SHAPE)
    (tmp_path / "cards").mkdir()
    cards = await DoorCards.open(tmp_path / "cards", SHAPE)
    (tmp_path / "cards").rmdir()
    for attempt in (cards.health(), cards.create({"email": "ada@example.com"})):
        with pytest.raises(Unreachable):
            await attempt


def test_a_misread_digit_does_not_add_up() -> None:
    number = card_number("ada@contoso.com")
    assert check_digit(number[:-1]) == number[-1]
    for place in range(8):
        misread = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 : -1]
        assert check_digit(misread) != number[-1]
