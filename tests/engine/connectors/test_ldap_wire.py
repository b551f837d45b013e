"""Answers that are almost LDAP: whatever they are, the directory refuses or is unreachable."""

from __future__ import annotations

import random
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from scimweave.connectors.base import TargetError, Unreachable
from scimweave.connectors.ldap.options import LdapOptions
from scimweave.connectors.ldap.results import Refused
from scimweave.connectors.ldap.session import Session

# Gets the number of the request, in BER, and returns what is sent.
Answer = Callable[[bytes], bytes]
Ask = Callable[[Session], object]

BIND, ENTRY, FOUND, MODIFIED = b"\x61", b"\x64", b"\x65", b"\x67"
DONE = b"\x0a\x01\x00\x04\x00\x04\x00"
ADA = b"\x04\x06cn=ada\x30\x0d\x30\x0b\x04\x02cn\x31\x05\x04\x03ada"
# The control of RFC 2696: no size, and no cookie, so that no page follows.
LAST_PAGE = b"\xa0\x23\x30\x21\x04\x161.2.840.113556.1.4.319\x04\x07\x30\x05\x02\x01\x00\x04\x00"


def tagged(tag: bytes, content: bytes) -> bytes:
    return tag + b"\x84" + len(content).to_bytes(4, "big") + content


def message(number: bytes, kind: bytes, body: bytes, controls: bytes = b"") -> bytes:
    """Write an LDAPMessage of RFC 4511."""
    return tagged(b"\x30", number + tagged(kind, body) + controls)


def bound(number: bytes) -> bytes:
    return message(number, BIND, DONE)


def ada(number: bytes) -> bytes:
    return message(number, ENTRY, ADA) + message(number, FOUND, DONE, LAST_PAGE)


def modified(number: bytes) -> bytes:
    return message(number, MODIFIED, DONE)


def nested(number: bytes) -> bytes:
    """Write an entry whose parts stand in each other."""
    body = b""
    for _ in range(5000):
        body = tagged(b"\x30", body)
    return message(number, ENTRY, body)


def damaged(answer: Answer, seed: int) -> Answer:
    """Change, take away or add a few bytes; what comes of it is made by the seed alone."""

    def damage(number: bytes) -> bytes:
        chance, made = random.Random(seed), bytearray(answer(number))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(made))
            match chance.randrange(4):
                case 0:
                    del made[place]
                case 1:
                    made.insert(place, chance.randrange(256))
                case _:
                    made[place] = chance.randrange(256)
        return bytes(made)

    return damage


def number_of(request: bytes) -> bytes:
    """Return the number of a request as it stands there; ldap3 counts them in the process."""
    length = 1 if request[1] < 0x80 else 1 + (request[1] & 0x7F)
    found = request[1 + length :]
    return found[: 2 + found[1]]


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def answering(*answers: Answer) -> Iterator[Session]:
    """Connect to what has these answers, to the bind first, and no others."""

    class Answers(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for answer in answers:
                if request := self.request.recv(4096):
                    self.request.sendall(answer(number_of(request)))
            # Whoever waits for more is told that there is none.
            self.request.shutdown(socket.SHUT_WR)
            self.request.recv(4096)

    with Server(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.001,))
        thread.start()
        url = f"ldap://127.0.0.1:{server.server_address[1]}"
        users = {"dn": "cn={cn},dc=example"}
        options = {"connector": "ldap", "url": url, "base": "dc=example", "users": users}
        try:
            with closing(Session(LdapOptions.model_validate(options))) as session:
                yield session
        finally:
            server.shutdown()
            thread.join()


def search(session: Session) -> object:
    return session.search_all("dc=example", "(cn=ada)", ["cn"])


def modify(session: Session) -> None:
    session.modify("cn=ada", {"cn": [("REPLACE", [b"ada"])]})


def bind_only(session: Session) -> None:
    """Ask nothing: the session is bound already."""


def test_what_is_damaged_below_is_fine_as_it_is() -> None:
    with answering(bound, ada) as session:
        (entry,) = session.search_all("dc=example", "(cn=ada)", ["cn"])
    assert (entry.dn, entry.values("cn")) == ("cn=ada", [b"ada"])
    with answering(bound, modified) as session:
        modify(session)


@pytest.mark.parametrize(
    ("ask", "before", "answer"),
    [
        pytest.param(search, [bound], ada, id="search"),
        pytest.param(modify, [bound], modified, id="modify"),
        pytest.param(bind_only, [], bound, id="bind"),
    ],
)
def test_a_damaged_answer_breaks_nothing(ask: Ask, before: list[Answer], answer: Answer) -> None:
    for seed in range(200):
        try:
            with answering(*before, damaged(answer, seed)) as session:
                ask(session)
        except (TargetError, Refused):
            continue
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


def test_an_answer_that_is_nested_without_end_is_none() -> None:
    with pytest.raises(Unreachable), answering(bound, nested) as session:
        search(session)
