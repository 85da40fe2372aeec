"""`carbonbook run`: the service."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.installation import Installation
from oracle.model.errors import RolledBack


@app.command()
def run(
    every: Annotated[float, typer.Option(help="Seconds between rounds.", min=0)] = 15,
    rounds: Annotated[
        int | None, typer.Option(help="Stop after this number of rounds.", show_default="never", min=1)
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of /healthz and /metrics; 0 for any free port.", min=0)] = 9464,
    pulse_limit: Annotated[float, typer.Option(help="Seconds without progress after which /healthz fails.")] = 300,
    compare_every: Annotated[
        int, typer.Option(help="Compare the whole book with the chain every N rounds; 0 for never.", min=0)
    ] = 60,
    linger: Annotated[
        float,
        typer.Option(help="Seconds to keep serving metrics after a rollback past finality.", min=0),
    ] = 45,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run as a service: close, attest, credit and settle in rounds, with logs, metrics and a health check.

    Only one service can run on a book; a second one ends with exit code 10. Exit code 9: the chain rolled back past finality.

        carbonbook run --every 15
        curl http://127.0.0.1:9464/healthz
    """
    from oracle.serve.loop.metrics import Metrics
    from oracle.serve.loop.service import Service
    from oracle.serve.loop.web import Web

    here = Installation.at(home, looks_itself=True)
    metrics = Metrics()
    service = Service(here, metrics, every, compare_every)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    web = Web(host, port, metrics, lambda: service.pulse, pulse_limit)
    say(f"http://{host}:{web.port}/healthz and /metrics")
    try:
        service.run(rounds)
    except RolledBack:
        service.linger(linger)
        raise
    finally:
        web.close()
    show({"stopped": True, "last_pulse": int(service.pulse)}, json)
