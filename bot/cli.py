"""The command `atom`. Heavy imports happen inside the commands, so that the terminal greets at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from core.errors import AtomError
from core.log import configure
from core.principal import Principal
from core.settings import PREFIX, Settings, load

COMMANDS = "atom.commands"
WRONG = 2
app = typer.Typer(
    help="ATOM, a work assistant.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
manifest_app = typer.Typer(help="Write the app manifest for a chat platform.", no_args_is_help=True)
vault_app = typer.Typer(help="Keys that protect stored secrets.", no_args_is_help=True)
app.add_typer(manifest_app, name="manifest")
app.add_typer(vault_app, name="vault")
hook_app = typer.Typer(help="Webhooks: the addresses where vendors deliver.", no_args_is_help=True)
app.add_typer(hook_app, name="hook")
memory_app = typer.Typer(help="What is remembered of people.", no_args_is_help=True)
app.add_typer(memory_app, name="memory")


def settings_of_process() -> Settings:
    """The settings, with the log set up.

    Raises:
        ConfigInvalid: one is unknown or wrong.
    """
    settings = load()
    configure(settings.log_level, json=settings.log_json)
    return settings


@app.command()
def chat(
    demo: Annotated[bool, typer.Option("--demo", help="Chat as somebody of the built-in demo company.")] = False,
    web: Annotated[bool, typer.Option(help="Serve the web chat beside.")] = True,
) -> None:
    """Chat in the terminal (and, with --demo, in the browser)."""
    settings = settings_of_process()
    if not demo:
        typer.echo(
            "atom: without --demo you chat in Slack or Teams: set them up with `atom manifest`, then `atom serve`.",
            err=True,
        )
        raise typer.Exit(2)
    from bot.session import demo_chat

    asyncio.run(demo_chat(settings, with_web=web))


@app.command()
def serve() -> None:
    """Serve Slack, Teams and the OAuth callback until stopped."""
    settings = settings_of_process()
    from bot.session import serve_all

    asyncio.run(serve_all(settings))


@app.command()
def feedback() -> None:
    """Count what people thought of answers, by company, thumb and reason."""
    settings = settings_of_process()
    from bot.session import feedback_counts

    for (tenant, value, reason), count in sorted(asyncio.run(feedback_counts(settings)).items()):
        typer.echo(f"{tenant:24} {value:5} {reason or '-':12} {count}")


@app.command()
def tools(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """List every tool: name, effect, parameters, integration, proof, and undo or why there is none."""
    from tools.registry import offered

    found = offered()
    if as_json:
        typer.echo(json.dumps([tool.to_json() for tool in found], indent=2, ensure_ascii=False, default=str))
        return
    for tool in found:
        typer.echo(f"{tool.id:36} {tool.effect:12} {tool.description}")


@app.command()
def mcp(
    demo: Annotated[bool, typer.Option("--demo", help="As the demo company's default user.")] = False,
    tenant: Annotated[str, typer.Option(help="The person's tenant, for example slack:T0123.")] = "",
    person: Annotated[str, typer.Option(help="The person's id there, for example U0123.")] = "",
    email: Annotated[str, typer.Option(help="The person's address.")] = "",
    timezone: Annotated[str, typer.Option(help="The person's time zone.")] = "UTC",
    port: Annotated[int, typer.Option(help="Serve HTTP on this loopback port instead of stdio.")] = 0,
) -> None:
    """Serve one person's tools to an MCP client, with the same policy, approvals and audit as in the chat."""
    settings = settings_of_process()
    if not demo and not (tenant and person):
        typer.echo("atom: say whose tools are served: --demo, or --tenant and --person.", err=True)
        raise typer.Exit(WRONG)
    from bot.session import serve_mcp

    who = None if demo else Principal(tenant=tenant, id=person, name=email or person, email=email, timezone=timezone)
    asyncio.run(serve_mcp(settings, who, port))


@app.command()
def settings() -> None:
    """Explain every setting."""
    for name, field in Settings.model_fields.items():
        shown = str(field.validation_alias) if field.validation_alias else f"{PREFIX}{name.upper()}"
        default = field.get_default(call_default_factory=True)
        typer.echo(f"{shown}\n    {field.description}\n    default: {default!r}")


@app.command()
def connect(key: Annotated[str, typer.Argument(help="Integration, for example jira.")]) -> None:
    """Connect the demo's user to an integration by consent in the browser."""
    settings = settings_of_process()
    from bot.session import connect_demo

    asyncio.run(connect_demo(settings, key))


@manifest_app.command("slack")
def manifest_slack(
    address: Annotated[str, typer.Argument(help="Public https address; empty means Socket Mode.")] = "",
) -> None:
    """Print the Slack app manifest as JSON."""
    from manifest.slack import slack_manifest

    typer.echo(json.dumps(slack_manifest(address or None), indent=2))


@manifest_app.command("teams")
def manifest_teams(
    address: Annotated[str, typer.Argument(help="Public https address.")],
    app_id: Annotated[str, typer.Option(help="Application id of the bot registration.")],
    output: Annotated[Path, typer.Option(help="Where the app package (zip) is written.")] = Path("atom-teams.zip"),
    hears_all: Annotated[bool, typer.Option(help="Ask for consent to read messages without a mention.")] = False,
) -> None:
    """Write the Teams app package."""
    from manifest.teams import teams_package

    output.write_bytes(teams_package(app_id, address, hears_all=hears_all))
    typer.echo(f"wrote {output}")


@vault_app.command("rotate")
def vault_rotate() -> None:
    """Wrap every tenant's key with ATOM_MASTER_KEY; ATOM_MASTER_KEY_PREVIOUS opens the old ones."""
    settings = settings_of_process()
    from bot.session import rotate

    asyncio.run(rotate(settings))


Tenant = Annotated[str, typer.Argument(help="The tenant, for example slack:T0123.")]


@hook_app.command("add")
def hook_add(
    tenant: Tenant,
    key: Annotated[str, typer.Argument(help="Integration, for example jira.")],
    has_secret: Annotated[
        bool, typer.Option("--secret", help="Ask for the vendor's secret instead of making one.")
    ] = False,
) -> None:
    """Make an address for a vendor's webhooks, and the secret to give it."""
    settings = settings_of_process()
    from bot.session import add_hook

    secret = typer.prompt("Secret", hide_input=True) if has_secret else ""
    address, made = asyncio.run(add_hook(settings, tenant, key, secret))
    typer.echo(address)
    if not has_secret:
        typer.echo(f"secret: {made}   (shown once)")


@hook_app.command("list")
def hook_list(tenant: Tenant) -> None:
    """List a tenant's webhook addresses."""
    settings = settings_of_process()
    from bot.session import list_hooks

    for line in asyncio.run(list_hooks(settings, tenant)):
        typer.echo(line)


@hook_app.command("remove")
def hook_remove(tenant: Tenant, hook: Annotated[str, typer.Argument(help="The end of its address.")]) -> None:
    """Take a webhook address back."""
    settings = settings_of_process()
    from bot.session import remove_hook

    asyncio.run(remove_hook(settings, tenant, hook))


@app.command()
def outbox(
    tenant: Tenant,
    person: Annotated[str, typer.Option(help="The person's id; everybody of the tenant where nobody is named.")] = "",
    most: Annotated[int, typer.Option(help="How many, the newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list, with every step of each.")] = False,
) -> None:
    """Show what is said unasked: what waits, what was sent, what was held back, and why."""
    settings = settings_of_process()
    from bot.session import list_notices

    for line in asyncio.run(list_notices(settings, tenant, person, most, as_json=as_json)):
        typer.echo(line)


Person = Annotated[str, typer.Argument(help="The person's id there, for example U0123.")]


@memory_app.command("show")
def memory_show(tenant: Tenant, person: Person) -> None:
    """List what is remembered of a person."""
    settings = settings_of_process()
    from bot.keep import show

    for line in asyncio.run(show(settings, tenant, person)):
        typer.echo(line)


@memory_app.command("export")
def memory_export(tenant: Tenant, person: Person) -> None:
    """Print all that is remembered of a person, its history too, as JSON."""
    settings = settings_of_process()
    from bot.keep import export

    typer.echo(asyncio.run(export(settings, tenant, person)))


@memory_app.command("erase")
def memory_erase(
    tenant: Tenant,
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Erase a person from memory, conversations, receipts and plans, and print the report as JSON."""
    settings = settings_of_process()
    if not yes:
        typer.confirm(f"Erase everything of {person} in {tenant} for good?", abort=True)
    from bot.keep import erase

    report = asyncio.run(erase(settings, tenant, person))
    typer.echo(json.dumps(report, indent=2))
    if not report["complete"]:
        raise typer.Exit(1)


@memory_app.command("tidy")
def memory_tidy() -> None:
    """Drop what was kept for long enough, and condense old episodes, as a running assistant does every hour."""
    settings = settings_of_process()
    from bot.keep import tidy

    typer.echo(f"{asyncio.run(tidy(settings))} items went")


def main() -> None:
    """The command with what installed packages add to it; an error of ours ends in its sentence."""
    for point in entry_points(group=COMMANDS):
        with contextlib.suppress(ModuleNotFoundError):  # an extra that is not installed
            point.load()(app)
    try:
        app()
    except AtomError as error:
        typer.echo(f"atom: {error.sentence()}", err=True)
        sys.exit(WRONG)


if __name__ == "__main__":
    main()
