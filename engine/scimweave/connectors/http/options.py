"""What a target over HTTP is told: address, credentials, patience, limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from scimweave.mapping.document.interpolation import EnvironmentText
from scimweave.mapping.model import Length, Model, Secret, TargetOptions, Text


def _read(value: Any) -> Any:
    """A placeholder where a number is expected stands for what it would be in the file."""
    return value.resolved() if isinstance(value, EnvironmentText) else value


def _seconds(value: Any) -> Any:
    found = _read(value)
    return float(found) if type(found) is int else found


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address such as https://api.example.com/v1 is needed")
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials have no place in an address; give them under auth")
    if parts.query or parts.fragment:
        raise ValueError("an address without ? and # is needed")
    return text.rstrip("/")


Number = Annotated[int, BeforeValidator(_read)]
Seconds = Annotated[float, Field(gt=0), BeforeValidator(_seconds)]
Url = Annotated[Text, AfterValidator(_http_url)]


class Section(Model):
    """A mapping inside ``target:``; its text never shows what was given."""

    model_config = ConfigDict(hide_input_in_errors=True)


class BasicAuth(Section):
    """HTTP Basic (RFC 7617)."""

    user: Text = Field(description="Who scimweave is at the target.")
    password: Secret = Field(
        repr=False, description="The password, as ${ENV}.", examples=["${PASSWORD}"]
    )


class HeaderAuth(Section):
    """A header that holds a key, such as X-Api-Key."""

    name: Text = Field(min_length=1, description="The header.", examples=["X-Api-Key"])
    value: Secret = Field(
        repr=False, description="What it holds, as ${ENV}.", examples=["${API_KEY}"]
    )


class OAuth2Auth(Section):
    """OAuth 2.0 client credentials (RFC 6749 §4.4)."""

    token_url: Text = Field(
        min_length=1,
        description="Where tokens come from: a path below url, or an address of its own.",
        examples=["https://login.example.com/oauth/token"],
    )
    client_id: Text = Field(description="The client that scimweave is.")
    client_secret: Secret = Field(
        repr=False,
        description="Its secret, as ${ENV}.",
        examples=["${CLIENT_SECRET}"],
    )
    scope: Text | None = Field(default=None, description="The scope that is asked for.")
    audience: Text | None = Field(
        default=None, description="The audience, where the service wants one."
    )
    client_auth: Literal["basic", "body"] = Field(
        default="basic", description="Whether id and secret go into a header or into the form."
    )


class Auth(Section):
    """How requests prove who sends them: one of the four."""

    bearer: Secret | None = Field(
        default=None,
        repr=False,
        description="A bearer token, as ${ENV}.",
        # Not taken from the type where that is optional.
        json_schema_extra={"writeOnly": True},
    )
    basic: BasicAuth | None = Field(default=None, description="User and password (HTTP Basic).")
    header: HeaderAuth | None = Field(default=None, description="A header that holds a key.")
    oauth2: OAuth2Auth | None = Field(
        default=None,
        description="OAuth 2.0 client credentials; the token is kept until it expires.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> Auth:
        if len(self.model_fields_set) != 1:
            raise ValueError("one of bearer, basic, header, oauth2 is needed")
        return self


class HttpTls(Section):
    """Files of certificates. The target's certificate is checked always."""

    ca: Text | None = Field(
        default=None, description="File of the certificates to trust, in place of the system's."
    )
    certificate: Text | None = Field(default=None, description="File of a client certificate.")
    key: Text | None = Field(default=None, description="File of the key of the client certificate.")

    @model_validator(mode="after")
    def _has_certificate(self) -> HttpTls:
        if self.key is not None and self.certificate is None:
            raise ValueError("a key needs its certificate")
        return self


class Timeouts(Section):
    """Patience in seconds, for one attempt."""

    connect: Seconds = Field(default=5.0, description="Seconds until there is a connection.")
    total: Seconds = Field(default=20.0, description="Seconds until the whole answer is there.")


class Retry(Section):
    """How often, and how long, a request is tried again where that is safe."""

    attempts: Length = Field(default=3, description="How often a request is sent at most.")
    backoff: Seconds = Field(
        default=0.25, description="Seconds before the second attempt; they double, with jitter."
    )
    budget: Seconds = Field(
        default=25.0,
        description="Seconds for all attempts together; a longer Retry-After is passed on.",
    )


class Limits(Section):
    """What the target is spared, and how much it may answer."""

    concurrency: Length = Field(default=8, description="How many requests are under way at once.")
    per_second: Seconds | None = Field(
        default=None, description="How many requests are sent a second."
    )
    answer: Length = Field(default=8 * 2**20, description="How many bytes an answer may have.")


class HttpOptions(TargetOptions):
    """The keys that targets over HTTP have in common."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: Url = Field(
        description="Address that all paths are below; no other host is ever called.",
        examples=["https://api.example.com/v1"],
    )
    auth: Auth | None = Field(default=None, description="How requests prove who sends them.")
    headers: dict[str, Text] = Field(default={}, description="Headers of every request.")
    tls: HttpTls = Field(default_factory=HttpTls, description="Files of certificates.")
    timeout: Timeouts = Field(default_factory=Timeouts, description="Patience, for one attempt.")
    retry: Retry = Field(default_factory=Retry, description="How often a request is tried again.")
    limits: Limits = Field(default_factory=Limits, description="What the target is spared.")


HTTP_KEYS = frozenset(HttpOptions.model_fields) - {"connector"}
