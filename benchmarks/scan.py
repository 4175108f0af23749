"""How long, how much and how heavy: a scan of many feeds from a local server, then again.

Each scan is a process of its own, so that its peak memory is its own; its start-up is told
apart. The server is another process, with as many hosts as `--hosts` (127.0.1.1 and so on),
because the feeds of one host are asked one after the other.

    .venv/bin/python benchmarks/scan.py [--feeds 500] [--items 200] [--hosts 100]
"""

import argparse
import gzip
import json
import multiprocessing
import resource
import socketserver
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

PORT = 8799
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
NOTES = "What was said about power prices, rail tariffs and the cost of idle machines. " * 12
SCANS = ("first", "nothing new", "one new item in each feed")


def document(feed: int, items: int) -> bytes:
    """A feed of so many weekly items, the newest first."""
    parts = [
        f"<item><title>Show {feed}, week {n}</title><guid>{feed}-{n}</guid>"
        f"<pubDate>{format_datetime(NOON - timedelta(weeks=items - n))}</pubDate>"
        f'<enclosure url="https://cdn.example.org/{feed}/{n}.mp3" type="audio/mpeg" '
        f'length="{1_000_000 + n}"/><description>{NOTES}</description></item>'
        for n in range(items, 0, -1)
    ]
    head = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Show {feed}</title>'
    return f"{head}{''.join(parts)}</channel></rss>".encode()


def serve(
    items: "Synchronized[int]", requests: "Synchronized[int]", sent: "Synchronized[int]"
) -> None:
    """Answer /N with feed N, compressed, or 304 to who has it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with requests.get_lock():
                requests.value += 1
            count, feed = items.value, int(self.path.strip("/"))
            etag = f'"{feed}-{count}"'
            is_known = self.headers.get("If-None-Match") == etag
            body = b"" if is_known else gzip.compress(document(feed, count), 1)
            self.send_response(304 if is_known else 200)
            self.send_header("ETag", etag)
            if not is_known:
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True
            with sent.get_lock():
                sent.value += len(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 256

    Server(("0.0.0.0", PORT), Handler).serve_forever()  # noqa: S104 - 127.0.1.x are many hosts


def scan(home: Path, feeds: int, hosts: int, workers: int, number: int) -> None:
    """One scan, as the asset `feeds` makes it; prints what it took."""
    from podcast_insights.cache import Cache
    from podcast_insights.contracts import TABLES
    from podcast_insights.feeds.fetch import FeedFetcher
    from podcast_insights.feeds.ledger import Ledger
    from podcast_insights.feeds.scan import FeedScanner
    from podcast_insights.feeds.subscriptions import Subscription
    from podcast_insights.net.gates import HostGates
    from podcast_insights.resources import HttpResource
    from podcast_insights.warehouse.database import Warehouse
    from podcast_insights.warehouse.windows import DateWindow

    names = [f"127.0.1.{n % hosts + 1}:{PORT}" for n in range(feeds)]
    subscribed = [
        Subscription(url=f"http://{name}/{n}", private_hosts=(name,))
        for n, name in enumerate(names)
    ]
    http, gates = HttpResource(), HostGates()
    at = NOON + timedelta(days=number)
    fetcher = FeedFetcher(
        client_for=lambda feed: http.feed_client(feed.private_hosts, None, gates),
        cache=Cache(home / "cache"),
        now=lambda: at,
        environ={},
    )
    warehouse = Warehouse(home / "warehouse.duckdb", TABLES)
    warehouse.revision()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, used = time.perf_counter(), time.process_time()
    day = date(2026, 1, 10) + timedelta(days=number)
    rows = FeedScanner(Ledger(warehouse), fetcher, workers).scan(subscribed, DateWindow.of_day(day))
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    new = warehouse.read(
        "SELECT sum(new_item_count) FROM feed_fetches WHERE fetched_at = ?", [at]
    ).item()
    print(
        json.dumps(
            {
                "ok": rows.filter(rows["status"] == "ok").height,
                "new items": int(new),
                "seconds": round(seconds, 1),
                "processor s": round(processor, 1),
                "peak MB": peak // 1024,
                "of it before MB": before // 1024,
            }
        )
    )


def main() -> None:
    """Serve, scan three times, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--scan", nargs=2, metavar=("HOME", "NUMBER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scan:
        home, number = Path(options.scan[0]), int(options.scan[1])
        scan(home, options.feeds, options.hosts, options.workers, number)
        return
    items = multiprocessing.Value("i", options.items)
    requests, sent = multiprocessing.Value("i", 0), multiprocessing.Value("q", 0)
    server = multiprocessing.Process(target=serve, args=(items, requests, sent), daemon=True)
    server.start()
    time.sleep(1)
    print(f"{options.feeds} feeds of {options.items} items on {options.hosts} hosts")
    with tempfile.TemporaryDirectory() as home:
        for number, name in enumerate(SCANS):
            requests.value = sent.value = 0
            items.value = options.items + (number == len(SCANS) - 1)
            told = subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--scan", home, str(number)],
                check=True,
                capture_output=True,
                text=True,
            )
            row = json.loads(told.stdout) | {
                "requests": requests.value,
                "sent MB": round(sent.value / 1e6, 2),
            }
            print(f"{name:28}", "  ".join(f"{key} {value}" for key, value in row.items()))
    server.terminate()


if __name__ == "__main__":
    main()
