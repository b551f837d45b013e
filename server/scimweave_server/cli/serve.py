"""scimweave serve."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimweave_server.cli.options import (
    DEFAULT_STORE,
    Paths,
    PublicUrl,
    StoreUrl,
    expected_errors,
    print_findings,
    run_loop,
)

if TYPE_CHECKING:
    from scimweave.provisioning.engine import Engine
    from scimweave.provisioning.lifecycle.journal import Event
    from scimweave_server.http.limits import Limits

MEBIBYTE = 1024 * 1024


def serve(
    paths: Paths,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free port.")] = 8080,
    store: StoreUrl = DEFAULT_STORE,
    public_url: PublicUrl = None,
    max_body: Annotated[
        int, typer.Option(min=1024, help="Largest request body in bytes.")
    ] = MEBIBYTE,
    max_bulk_payload: Annotated[
        int, typer.Option(min=1024, help="Largest body of a /Bulk request in bytes.")
    ] = MEBIBYTE,
    metrics: Annotated[
        bool,
        typer.Option(
            "--metrics/--no-metrics", help="Show /metrics, for Prometheus; --no-metrics does not."
        ),
    ] = True,
) -> None:
    """Serve each mapping as a SCIM endpoint. Edits of the files are taken up at once."""
    from scimweave_server.http.limits import Limits
    from scimweave_server.http.logs import configure_logs

    configure_logs()
    limits = Limits(max_body=max_body, max_bulk_payload=max_bulk_payload)
    with expected_errors():
        run_loop(_serve(paths, host, port, store, public_url, limits, metrics))


async def _serve(
    paths: list[Path],
    host: str,
    port: int,
    store: str,
    public_url: str | None,
    limits: Limits,
    with_metrics: bool,
) -> None:
    from scimweave.provisioning.engine import Engine
    from scimweave_server.http.logs import operation_log
    from scimweave_server.http.metrics import Metrics
    from scimweave_server.http.run import run

    metrics = Metrics() if with_metrics else None
    log_operation = operation_log()

    def listen(event: Event) -> None:
        log_operation(event)
        if metrics is not None:
            metrics.operation(event)

    async with Engine.open(*paths, store=store, listener=listen) as engine:
        for integration in engine.integrations.values():
            print_findings(integration.program.warnings)
        lines = await _key_lines(engine)

        def started(url: str) -> None:
            for name, line in lines.items():
                print(f"{name}\n  Tenant URL  {url}{engine[name].program.path}\n  {line}")
            print("ready", flush=True)

        await run(
            engine,
            host=host,
            port=port,
            public_url=public_url.rstrip("/") if public_url else None,
            limits=limits,
            metrics=metrics,
            started=started,
        )


async def _key_lines(engine: Engine) -> dict[str, str]:
    """Say of each integration whether somebody holds a key to it."""
    lines = {}
    for name in sorted(engine.integrations):
        now = datetime.now(UTC)
        valid = [
            key for key in await engine.store.keys(name) if key.expires is None or key.expires > now
        ]
        lines[name] = (
            f"Secret key  {valid[-1].hint}, made {valid[-1].created:%Y-%m-%d %H:%M} UTC"
            if valid
            else f"Secret key  none yet: run `scimweave key generate {name}`"
        )
    return lines
