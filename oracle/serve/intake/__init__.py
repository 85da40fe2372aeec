"""Records as they happen: HTTP, MQTT, a watched folder. All of them end in `oracle.measure.ingest`."""
