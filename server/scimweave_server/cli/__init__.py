"""The command line: scimweave …"""

from __future__ import annotations

from typing import Annotated

import typer

from scimweave_server.cli import (
    apply,
    check,
    docs,
    explain,
    fmt,
    guard,
    import_accounts,
    import_entra,
    init,
    init_target,
    key,
    log,
    plan,
    playground,
    reconcile,
    record,
    replay,
    schema,
    serve,
    simulate,
    test,
    unmapped,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"scimweave {version('scimweave')}")
        raise typer.Exit


app = typer.Typer(
    name="scimweave",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.add_typer(key.app, name="key", help="Secret keys of an integration.")
app.command("lint")(check.lint)
app.command("test")(test.run_tests)
app.command("fmt")(fmt.fmt)
app.command("explain")(explain.explain)
app.command("plan")(plan.plan)
app.command("apply")(apply.apply)
app.command("record")(record.record)
app.command("replay")(replay.replay)
app.command("try")(playground.try_)
app.command("docs")(docs.docs)
app.command("schema")(schema.schema)
app.command("init")(init.init)
app.command("init-target")(init_target.init_target)
app.command("import")(import_accounts.import_accounts)
app.command("reconcile")(reconcile.reconcile)
app.add_typer(guard.app, name="guard", help="Leavers that the guard holds.")
app.command("import-entra")(import_entra.import_entra)
app.command("log")(log.log)
app.command("unmapped")(unmapped.unmapped)
app.add_typer(simulate.app, name="simulate", help="Behave like an identity provider.")


@app.callback()
def scimweave(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Show the version."),
    ] = False,
) -> None:
    """A SCIM 2.0 endpoint whose behaviour is a mapping file."""


def main() -> None:
    """Run the command line; exit codes: 0 ok, 1 findings, 2 usage."""
    app()
