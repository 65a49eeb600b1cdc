"""Every setting, once. `atom settings` prints this as documentation; nothing else reads the environment."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from core.errors import ConfigInvalid

PREFIX = "ATOM_"
DESCRIPTIONS = "ATOM_DESCRIPTIONS"  # read by the tests alone


class McpServer(BaseModel):
    """An MCP server, started as a command or reached by address.

    `effects` says which of its tools only read or are destructive; every other is taken to write. With `asks_token`
    each person gives a token of their own; `token` is the one that the tools are listed with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict, repr=False)
    url: str = ""
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    asks_token: bool = False
    token: SecretStr = SecretStr("")
    effects: dict[str, Literal["read", "write", "destructive"]] = Field(default_factory=dict)
    title: str = ""
    aliases: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("an MCP server has a command or a url")
        return self


class Settings(BaseSettings):
    """Read from variables `ATOM_<NAME>`; those of the OpenAI client keep the names everybody knows."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    home: Path = Field(Path(".atom"), description="Folder for the database and the key file.")
    database_url: str = Field(
        "",
        description="SQLAlchemy address; empty means SQLite in the home folder. PostgreSQL: postgresql+psycopg://…",
        repr=False,
    )
    master_key: SecretStr = Field(
        SecretStr(""),
        description="32 bytes in base64 that wrap the tenants' keys; empty means a key file in home.",
    )
    master_key_previous: SecretStr = Field(
        SecretStr(""), description="The former master key, while `atom vault rotate` runs."
    )
    public_url: str = Field(
        "http://127.0.0.1:8080",
        pattern=r"^https?://[^/\s]+(/\S*)?$",
        description="Address under which people and vendors reach us.",
    )
    host: str = Field("127.0.0.1", description="Interface the server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the server listens on; 0 picks a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("warning", description="Least level logged.")
    log_json: bool = Field(False, description="Log JSON lines instead of text.")
    workspaces: dict[str, str] = Field(
        default_factory=dict,
        description='Which chat workspaces are one tenant, e.g. {"slack:T012": "acme", "teams:<tenant id>": "acme"}; '
        "one not named here is a tenant of its own.",
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), description="xoxb- token of the Slack app.")
    slack_signing_secret: SecretStr = Field(SecretStr(""), description="Signing secret of the Slack app (HTTP events).")
    slack_app_token: SecretStr = Field(SecretStr(""), description="xapp- token; set, Socket Mode is used.")
    slack_api_url: str = Field("https://slack.com/api/", description="Slack's Web API.")
    slack_pace_s: float = Field(
        1, ge=0, description="Mean seconds between two messages in one Slack channel; Slack allows about one a second."
    )
    teams_app_id: str = Field("", description="Application id of the Teams bot.")
    teams_app_password: SecretStr = Field(SecretStr(""), description="Client secret of the Teams bot.")
    teams_tenant_id: str = Field("", description="Directory id for a single-tenant Teams bot.")
    teams_openid_url: str = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="Where the keys that sign Teams' requests are listed.",
    )
    teams_login_url: str = Field("https://login.microsoftonline.com", description="Where the Teams bot signs in.")
    teams_allow_anonymous: bool = Field(False, description="Accept unsigned activities; for a local emulator only.")
    openai_api_key: SecretStr = Field(
        SecretStr(""),
        validation_alias="OPENAI_API_KEY",
        description="Key of the language model; empty means none.",
    )
    openai_base_url: str = Field(
        "",
        validation_alias="OPENAI_BASE_URL",
        description="Any OpenAI-compatible endpoint; empty means OpenAI's.",
    )
    azure_endpoint: str = Field(
        "", validation_alias="AZURE_OPENAI_ENDPOINT", description="Azure OpenAI resource; set, Azure is used."
    )
    azure_api_version: str = Field(
        "2024-10-21", validation_alias="OPENAI_API_VERSION", description="API version of Azure OpenAI."
    )
    model: str = Field("gpt-4.1-mini", description="Name of the language model or Azure deployment.")
    model_timeout_s: float = Field(20, gt=0, description="Longest wait for one answer of the language model.")
    local_threshold: float = Field(
        0.55, ge=0, le=1, description="Confidence from which the local interpreter's reading stands."
    )
    interpreter: str = Field(
        "", description="Folder of another version of the local interpreter; empty means the one that ships."
    )
    interpreter_shadow: str = Field(
        "",
        description="Folder of a newer version that reads behind the running one; the log tells how they agree.",
    )
    turn_timeout_s: float = Field(90, gt=0, description="Longest time for one turn.")
    turn_calls: int = Field(20, ge=1, description="Most tool calls in one turn.")
    turn_tokens: int = Field(32_000, ge=500, description="Most tokens sent to the language model in one turn.")
    approval_hours: float = Field(24, gt=0, description="How long a plan waits for its approval.")
    vendor_timeout_s: float = Field(15, gt=0, description="Longest wait for one answer of a vendor.")
    clients: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description='OAuth clients by integration, e.g. {"jira": {"id": "…", "secret": "…"}}, with what the address of '
        'the company\'s own system needs: {"zendesk": {"subdomain": "acme", …}}.',
        repr=False,
    )
    hosts: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Other addresses for vendors, by integration and the beginning of the real one, for a proxy or a "
        "test system.",
    )

    memory_index: str = Field(
        "",
        description="Where the memory's vectors are: a folder, or the http(s) address of a Chroma server; empty means "
        "a folder in home. One process a folder: several take a server.",
    )
    memory_days: dict[Literal["preference", "fact", "alias", "habit", "episode", "superseded"], int] = Field(
        default_factory=dict,
        description='Days that each kind is remembered after it was last of use, e.g. {"episode": 90}; '
        "episodes older than a month are condensed.",
    )
    personal: bool = Field(True, description="Whether what is remembered may shape plans and answers.")

    mcp: dict[str, McpServer] = Field(
        default_factory=dict,
        description='MCP servers by key, each with a "command" (and "args", "env") or a "url" (and "headers"): '
        '{"wiki": {"url": "https://wiki.example/mcp", "asks_token": true, "effects": {"search": "read"}}}.',
        repr=False,
    )

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.home / 'atom.db').absolute()}"


def load() -> Settings:
    """The settings of this process.

    Raises:
        ConfigInvalid: a variable is unknown or its value does not fit; the sentence names it.
    """
    names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in names and name != DESCRIPTIONS:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else "`atom settings` lists all."
            raise ConfigInvalid(f"There is no setting {name}.", next_step=hint)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = str(first["loc"][0]).upper()
        name = where if where in os.environ else f"{PREFIX}{where}"
        raise ConfigInvalid(f"{name}: {first['msg']}.", next_step="`atom settings` explains each.") from None
    except SettingsError as error:  # its text names the field and never the value, which may be a secret
        field = re.search(r'field "(\w+)"', str(error))
        name = f"{PREFIX}{field.group(1).upper()}" if field else "A setting"
        raise ConfigInvalid(f"{name} is not JSON.", next_step="`atom settings` explains each.") from None
