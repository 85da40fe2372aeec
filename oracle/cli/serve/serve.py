"""`carbonbook serve` and `watch`: records as they happen."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.edge.keys.keyring import text_of
from oracle.installation import Installation

if TYPE_CHECKING:  # paho is loaded only for a broker
    from oracle.serve.intake.mqtt import Listener

_LOOK_SECONDS = 2.0


@app.command()
def serve(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8700,
    mqtt: Annotated[
        str | None,
        typer.Option(help="MQTT broker of the meters: mqtt://host:1883 or mqtts://user@host.", show_default="none"),
    ] = None,
    mqtt_authority: Annotated[
        Path | None, typer.Option(help="CA certificate of the broker (PEM).", show_default="the system's")
    ] = None,
    mqtt_certificate: Annotated[Path | None, typer.Option(help="Client certificate for the broker (PEM).")] = None,
    mqtt_key: Annotated[Path | None, typer.Option(help="Private key of the client certificate (PEM).")] = None,
) -> None:
    """Receive files over HTTP and meter readings over MQTT, until stopped.

    A file or message is acknowledged only after it is committed. CARBONBOOK_MQTT_PASSWORD_FILE names the file with the
    broker's password.

        carbonbook source secret bus-app --out bus-app.secret
        carbonbook serve --port 8700 --mqtt mqtt://127.0.0.1:1883
        carbonbook serve --mqtt mqtts://book@broker --mqtt-authority ca.pem --mqtt-certificate book.pem --mqtt-key book.key
    """
    from oracle.serve.http.server import run
    from oracle.serve.intake.desk import Desk
    from oracle.serve.intake.meters import MeterDesk
    from oracle.serve.intake.mqtt import Certificates, Listener
    from oracle.serve.intake.service import intake_app

    here = Installation.at(home)
    desk = Desk(here.book, here.settings, here.keys, time.time)
    files = Certificates(mqtt_authority, mqtt_certificate, mqtt_key)
    listener = Listener(mqtt, _client_id(here), MeterDesk(desk), _broker_password(), files) if mqtt else None
    thread = threading.Thread(target=_listened, args=(listener,)) if listener else None
    if thread is not None:
        thread.start()
    say(f"intake listens on http://{host}:{port}" + (f" and to {mqtt}" if mqtt else ""))
    try:
        run(intake_app(desk), host, port)
    finally:
        if listener is not None and thread is not None:
            listener.stop()
            thread.join()


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(help="Folder with one subfolder per source.")],
    once: Annotated[bool, typer.Option("--once", help="Read the files that are there, then exit.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read new files in FOLDER/SOURCE/ and move each one to done/ or failed/ there.

    carbonbook watch /srv/drop
    carbonbook watch /srv/drop --once
    """
    from oracle.serve.intake.folder import Watch

    here = Installation.at(home)
    watching = Watch(folder, here.book, here.settings, time.time)
    if once:
        show({"files": [asdict(taken) for taken in watching.look(at_once=True)]}, json)
        return
    say(f"watching {folder}; subfolders:  {', '.join(here.settings.sources)}")
    while True:
        for taken in watching.look():
            if not taken.waiting:
                show(asdict(taken), json)
        time.sleep(_LOOK_SECONDS)


def _listened(listener: Listener) -> None:
    """Listens; should that end in an error, the whole service ends: half of one would go unnoticed."""
    try:
        listener.run()
    except BaseException:
        os.kill(os.getpid(), signal.SIGTERM)
        raise


def _client_id(here: Installation) -> str:
    """One session per book, whatever machine it runs on."""
    import hashlib

    return "carbonbook-" + hashlib.sha256(str(here.settings.home).encode()).hexdigest()[:12]


def _broker_password() -> str | None:
    file = os.environ.get("CARBONBOOK_MQTT_PASSWORD_FILE")
    return text_of(Path(file)) if file else None
