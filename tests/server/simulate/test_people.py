from __future__ import annotations

from pathlib import Path

import pytest

from scimweave_server.simulate.people import PeopleError, read_people

HEADER = "userPrincipalName,displayName,accountEnabled"


def write(folder: Path, text: str | bytes, name: str = "people.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_person_has_the_attributes_that_are_not_empty(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "objectId,userPrincipalName,displayName,jobTitle,accountEnabled\n"
        'A1,ada@contoso.com,"Byrne, ""Ada""",,FALSE\n',
    )
    [cycle] = read_people([file])
    [person] = cycle.people
    assert person.attributes == {
        "userPrincipalName": "ada@contoso.com",
        "displayName": 'Byrne, "Ada"',
    }
    assert (person.key, person.enabled, person.purged) == ("a1", False, False)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeffuserPrincipalName,surname\nzoë@contoso.com,Ł\n", id="byte order mark"),
        pytest.param("userPrincipalName,surname\r\nzoë@contoso.com,Ł\r\n", id="CRLF"),
        pytest.param("userPrincipalName,surname\n\nzoë@contoso.com,Ł\n\n", id="blank lines"),
        pytest.param('surname,userPrincipalName\n"Ł","zoë@contoso.com"', id="quoted, other order"),
    ],
)
def test_spellings_of_one_table(tmp_path: Path, text: str) -> None:
    [cycle] = read_people([write(tmp_path, text)])
    assert dict(cycle.people[0].attributes) == {
        "userPrincipalName": "zoë@contoso.com",
        "surname": "Ł",
    }


def test_column_cycle_splits_one_file(tmp_path: Path) -> None:
    file = write(tmp_path, "cycle,userPrincipalName\n2,b@x\n1,a@x\n2,a@x\n")
    found = {
        each.number: [person.user_name for person in each.people] for each in read_people([file])
    }
    assert found == {1: ["a@x"], 2: ["b@x", "a@x"]}


def test_several_files_are_a_cycle_each_and_one_may_be_empty_of_people(tmp_path: Path) -> None:
    first = write(tmp_path, "userPrincipalName\na@x\n", "1.csv")
    second = write(tmp_path, "userPrincipalName\n", "2.csv")
    assert [(each.number, len(each.people)) for each in read_people([first, second])] == [
        (1, 1),
        (2, 0),
    ]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        pytest.param("", [":1:1: the file is empty; it needs userPrincipalName"], id="empty"),
        pytest.param(
            "displayName\nAda\n", [':1:1: column "userPrincipalName" is missing'], id="no name"
        ),
        pytest.param(
            "userPrincipalName,jobtitel\na@x,b\n",
            [':1:19: unknown column "jobtitel"; did you mean "jobTitle"?'],
            id="misspelt column",
        ),
        pytest.param(
            "userPrincipalName,shoe size\na@x,b\n",
            [
                ':1:19: unknown column "shoe size"; known: cycle, objectId, userPrincipalName, '
                "displayName, jobTitle, givenName, surname, mailNickname, department, "
                "accountEnabled, action"
            ],
            id="unknown column",
        ),
        pytest.param(
            "userPrincipalName;displayName\na@x;b\n",
            [":1:1: columns are separated by commas here, not by semicolons"],
            id="semicolons",
        ),
        pytest.param(
            "userPrincipalName,surname,surname\na@x,b,b\n",
            [':1:27: column "surname" stands here twice'],
            id="column twice",
        ),
        pytest.param(
            f"{HEADER}\na@x,A\nb@x,B,true,x\n",
            [
                ":2:5: the header has 3 fields, this row has 2",
                ":3:12: the header has 3 fields, this row has 4",
            ],
            id="fields missing or too many",
        ),
        pytest.param(
            f'{HEADER}\na@x,"A, ""B"" ",yes\n',
            [':2:17: accountEnabled is true, false or empty, not "yes"'],
            id="position behind a quoted field",
        ),
        pytest.param(
            f'{HEADER}\na@x,"A\nB",yes\n',
            [':3:4: accountEnabled is true, false or empty, not "yes"'],
            id="position behind a line break in a field",
        ),
        pytest.param(f"{HEADER}\n  ,A,\n", [":2:1: userPrincipalName is empty"], id="nobody"),
        pytest.param(
            f"{HEADER}\na@x,A,\nb@x,B,\nA@X,C,\n",
            [':4:1: userPrincipalName "A@X" stands in line 2 already'],
            id="same userPrincipalName in another case",
        ),
        pytest.param(
            "userPrincipalName,objectId\na@x,7\nb@x,7\n",
            [':3:5: objectId "7" stands in line 2 already'],
            id="same objectId",
        ),
        pytest.param(
            "userPrincipalName,action,cycle\na@x,purge,0\n",
            [
                ':2:5: action is delete or empty, not "purge"',
                ':2:11: cycle is a whole number from 1, not "0"',
            ],
            id="all findings of a row",
        ),
        pytest.param(
            "userPrincipalName,cycle\n", [":1:1: the file has a header and no people"], id="no rows"
        ),
        pytest.param(
            f'{HEADER}\na@x,"A"B,\n', [":2:1: no CSV: ',' expected after '\"'"], id="stray quote"
        ),
        pytest.param(
            b"userPrincipalName,surname\na@x,M\xfcller\n",
            [":2:6: byte 0xfc is not UTF-8; save the file as UTF-8"],
            id="Latin-1",
        ),
    ],
)
def test_findings_name_file_line_and_column(
    tmp_path: Path, text: str | bytes, findings: list[str]
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(PeopleError) as raised:
        read_people([file])
    assert [str(each) for each in raised.value.findings] == [f"{file}{each}" for each in findings]


def test_findings_of_all_files_are_reported(tmp_path: Path) -> None:
    absent = tmp_path / "absent.csv"
    numbered = write(tmp_path, "userPrincipalName,cycle\na@x,1\n")
    with pytest.raises(PeopleError) as raised:
        read_people([absent, numbered])
    assert str(raised.value).splitlines() == [
        f"{absent}: No such file or directory",
        f'{numbered}:1:19: of several files each is one cycle; column "cycle" is for a single file',
    ]
