"""Listening to an MQTT broker: a message is acknowledged when its readings are committed, and not before.

Quality of service 1 and a session that the broker keeps: what was not acknowledged, because this process was killed or not there, comes
again. At most `IN_FLIGHT` messages are here unacknowledged; the others wait at the broker.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from oracle.model.errors import CarbonbookError, ConfigError
from oracle.serve.intake.meters import TOPIC, Message, MeterDesk

IN_FLIGHT = 500

_BATCH_SECONDS = 0.2
_FILE_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
_PORT = 1883
_SECURE_PORT = 8883


@dataclass(frozen=True)
class Certificates:
    """Files for a broker that is asked over TLS.

    Attributes:
        authority: Who signed the broker's certificate; None for those that the system trusts.
        own: Certificate to show to the broker; None to show none.
        key: Private key of that; None if it stands in the same file.
    """

    authority: Path | None = None
    own: Path | None = None
    key: Path | None = None


class Listener:
    """Subscribes, commits, acknowledges, and turns whole days into files.

    Args:
        url: mqtt://[user@]host[:port], or mqtts:// for TLS.
        name: Client id: the broker keeps the session under it.
        desk: Where messages go.
        password: For the user in the URL; None for none.
        certificates: For mqtts.

    Raises:
        ConfigError: The URL is none, or a file of the certificates cannot be read.
    """

    def __init__(
        self,
        url: str,
        name: str,
        desk: MeterDesk,
        password: str | None = None,
        certificates: Certificates | None = None,
    ):
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.password is not None:
            raise ConfigError("The broker's address must be mqtt://host:port or mqtts://user@host, without a password.")
        self._where = (parts.hostname, parts.port or (_SECURE_PORT if parts.scheme == "mqtts" else _PORT))
        self._desk = desk
        self._arrived: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self._stopping = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=False, manual_ack=True, reconnect_on_failure=True
        )
        self._client.max_inflight_messages_set(IN_FLIGHT)
        if parts.username:
            self._client.username_pw_set(parts.username, password)
        if parts.scheme == "mqtts":
            self._secure(certificates or Certificates())
        self._client.on_connect = self._subscribe
        self._client.on_connect_fail = lambda _client, _data: _tell("the broker cannot be reached", sys.exc_info()[1])
        self._client.on_subscribe = lambda *_: _tell("messages for", TOPIC.format(source="+"))
        self._client.on_disconnect = self._lost
        self._client.on_message = lambda _client, _data, message: self._arrived.put(message)

    def run(self) -> None:
        """Listens until `stop`; reconnects to a broker that is away."""
        self._client.connect_async(*self._where)
        self._client.loop_start()
        files_at = 0.0
        try:
            while not self._stopping.is_set():
                self._commit(self._batch())
                if time.monotonic() >= files_at:
                    self._write_files()
                    files_at = time.monotonic() + _FILE_SECONDS
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def stop(self) -> None:
        """Ends `run` after the messages that are being committed."""
        self._stopping.set()

    def _secure(self, files: Certificates) -> None:
        try:
            authority, own, key = (
                None if path is None else str(path) for path in (files.authority, files.own, files.key)
            )
            self._client.tls_set(authority, own, key)
        except (OSError, ValueError) as error:
            raise ConfigError(f"The certificates for the broker cannot be used: {error}") from error

    def _subscribe(self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, *_: object) -> None:
        if code.is_failure:
            _tell("the broker refuses", code)
        else:
            client.subscribe(TOPIC.format(source="+"), qos=1)

    def _lost(self, _client: object, _data: object, _flags: object, code: ReasonCode, *_: object) -> None:
        if not self._stopping.is_set():
            _tell("the broker ended the connection", code)

    def _batch(self) -> list[paho.MQTTMessage]:
        """Messages that came within a short time, to be committed together."""
        batch: list[paho.MQTTMessage] = []
        end = time.monotonic() + _BATCH_SECONDS
        while len(batch) < IN_FLIGHT:
            try:
                batch.append(self._arrived.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                return batch
        return batch

    def _commit(self, batch: list[paho.MQTTMessage]) -> None:
        """Commits and acknowledges. While the book cannot be written, messages stay here and the broker keeps later ones."""
        if not batch:
            return
        while not self._stopping.is_set():
            try:
                self._desk.take(map(_message, batch))
            except CarbonbookError as error:
                _tell("readings wait", error)
                self._stopping.wait(_AGAIN_SECONDS)
                continue
            for message in batch:
                self._client.ack(message.mid, message.qos)
            return

    def _write_files(self) -> None:
        try:
            self._desk.write_files()
        except CarbonbookError as error:
            _tell("files of readings wait", error)


def _message(message: paho.MQTTMessage) -> Message:
    try:
        return Message(message.topic, bytes(message.payload))
    except UnicodeDecodeError:  # the client decodes a topic when it is asked for it
        return Message("", bytes(message.payload))


def _tell(what: str, why: object) -> None:
    """Prints one line for the operator; pending work is retried."""
    sys.stderr.write(f"{what}: {why}\n")
    sys.stderr.flush()
