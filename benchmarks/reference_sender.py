"""Segment's own Python client, sending the events of a file as fast as it can.

Its best settings, as measured: batches of 100 uncompressed on one thread, and a queue that holds everything, because
its default queue of 10,000 drops what does not fit.

    python reference_sender.py http://127.0.0.1:PORT events.jsonl
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path

from segment.analytics.client import Client

try:
    from orjson import loads
except ImportError:
    from json import loads


def main(host, path):
    """Send every event of the file and say how long the sending alone took."""
    events = [loads(line) for line in Path(path).read_bytes().splitlines()]
    failures = []
    client = Client(
        "bench",
        host=host,
        max_queue_size=len(events) + 1,
        upload_size=100,
        on_error=lambda error, batch: failures.append((error, len(batch))),
    )
    began = time.perf_counter()
    for event in events:
        common = {
            "user_id": event.get("userId"),
            "anonymous_id": event.get("anonymousId"),
            "context": event.get("context"),
            "timestamp": datetime.fromisoformat(event["timestamp"]),
            "integrations": event.get("integrations"),
            "message_id": event["messageId"],
        }
        if event["type"] == "track":
            client.track(event=event["event"], properties=event["properties"], **common)
        else:
            client.identify(traits=event["traits"], **common)
    client.flush()
    client.join()
    print(json.dumps({"sending": time.perf_counter() - began, "failures": len(failures)}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
