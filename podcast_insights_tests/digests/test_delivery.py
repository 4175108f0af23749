"""Each digest once: ledger, crashes, refusals, two processes at the same time."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import duckdb
import pytest

from podcast_insights.digests.delivery import (
    IN_PROGRESS,
    DeliveryResult,
    Postman,
    confirm,
    deliver,
    is_due,
    release,
    unconfirmed,
)
from podcast_insights.digests.mail import Mailer, MailError
from podcast_insights.digests.model import Digest
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.records import DELIVERIES
from podcast_insights.errors import UserError
from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.digests import DAY, digest, entry, reader
from podcast_insights_tests.support.smtp import HOST, Inbox, mail_server

NOW = datetime(2025, 9, 9, 6, 30, tzinfo=UTC)
LATER = NOW + IN_PROGRESS + timedelta(minutes=1)
SENDER = "Podcast Insights <digest@example.org>"


def clock(at: datetime = NOW) -> Callable[[], datetime]:
    return lambda: at


def warehouse_at(folder: Path) -> Warehouse:
    return Warehouse(folder / "warehouse.duckdb", {"deliveries": DELIVERIES})


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return warehouse_at(tmp_path)


def rows(warehouse: Warehouse) -> dict[str, dict[str, Any]]:
    """The ledger by reader."""
    frame = warehouse.read("SELECT * FROM deliveries", table="deliveries")
    return {row["reader_id"]: row for row in frame.iter_rows(named=True)}


def outcomes(results: list[DeliveryResult]) -> list[str]:
    return [result.outcome for result in results]


def pairs(*names: str) -> list[tuple[Digest, Reader]]:
    return [(digest(entry(), entry(2), reader_id=name), reader(name)) for name in names]


def mailer(port: int) -> Mailer:
    return Mailer(HOST, port, "none", SENDER, timeout_s=5, verdict_timeout_s=5)


class Courier:
    """Counts the mails, then does as told."""

    sender = SENDER

    def __init__(self, *failures: BaseException | None) -> None:
        self.failures = list(failures)
        self.sent: list[str] = []

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message["To"].addresses[0].addr_spec)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure


class DeadlyCourier(Courier):
    """The process is killed while the mail is on its way."""

    def send(self, message: EmailMessage) -> None:
        os._exit(9)


def test_mails_each_digest_once(warehouse: Warehouse) -> None:
    with mail_server() as server:
        first = deliver(warehouse, mailer(server.port), pairs("ada", "bob"), clock())
        second = deliver(warehouse, mailer(server.port), pairs("ada", "bob"), clock(LATER))
    assert server.inbox.recipients == ["ada@example.org", "bob@example.org"]
    assert outcomes(first) == ["sent", "sent"]
    assert [(r.outcome, r.reason) for r in second] == [("skipped", "already sent")] * 2
    row = rows(warehouse)["ada"]
    assert row == {
        "digest_id": digest(reader_id="ada").digest_id,
        "digest_on": DAY,
        "reader_id": "ada",
        "status": "sent",
        "message_id": server.inbox.mails[0]["Message-ID"],
        "attempts": 1,
        "started_at": NOW,
        "sent_at": NOW,
        "error": None,
        "insight_ids": ["0000000000000001", "0000000000000002"],
    }


def test_row_is_committed_before_the_mail_leaves(warehouse: Warehouse) -> None:
    class Looks(Courier):
        def send(self, message: EmailMessage) -> None:
            seen.append(rows(warehouse)["ada"]["status"])

    seen: list[str] = []
    deliver(warehouse, Looks(), pairs("ada"), clock())
    assert seen == ["sending"]
    assert rows(warehouse)["ada"]["status"] == "sent"


def test_one_refused_recipient_stops_no_other_and_is_tried_again(warehouse: Warehouse) -> None:
    inbox = Inbox(refused={"bob@example.org"})
    readers = pairs("ada", "bob", "eve")
    with mail_server(inbox) as server:
        first = deliver(warehouse, mailer(server.port), readers, clock())
        failed = rows(warehouse)["bob"]
        inbox.refused.clear()
        second = deliver(warehouse, mailer(server.port), readers, clock(LATER))
    assert outcomes(first) == ["sent", "failed", "sent"]
    assert (failed["status"], failed["attempts"], failed["sent_at"]) == ("failed", 1, None)
    assert "550" in failed["error"]
    assert outcomes(second) == ["skipped", "sent", "skipped"]
    assert sorted(inbox.recipients) == ["ada@example.org", "bob@example.org", "eve@example.org"]
    row = rows(warehouse)["bob"]
    assert (row["status"], row["attempts"], row["error"]) == ("sent", 2, None)
    assert (row["started_at"], row["message_id"]) == (LATER, failed["message_id"])


def test_lost_connection_after_the_mail_is_never_sent_again(warehouse: Warehouse) -> None:
    inbox = Inbox(drops_after_data=True)
    with mail_server(inbox) as server:
        first = deliver(warehouse, mailer(server.port), pairs("ada"), clock())
        inbox.drops_after_data = False
        second = deliver(warehouse, mailer(server.port), pairs("ada"), clock(LATER))
    assert outcomes(first) == ["unconfirmed"]
    assert outcomes(second) == ["unconfirmed"]
    assert "2025-09-09 06:30 UTC" in second[0].reason
    assert len(inbox.mails) == 1
    row = rows(warehouse)["ada"]
    assert (row["status"], row["attempts"]) == ("sending", 1)
    assert "may have arrived" in row["error"]


def test_uncertain_failure_of_one_stops_no_other(warehouse: Warehouse) -> None:
    courier = Courier(MailError("lost", is_certain=False), RuntimeError("secret"), None)
    results = deliver(warehouse, courier, pairs("ada", "bob", "eve"), clock())
    assert outcomes(results) == ["unconfirmed", "unconfirmed", "sent"]
    assert rows(warehouse)["bob"]["error"] == "RuntimeError while sending; outcome unknown"


def test_exit_while_sending_leaves_the_row_and_is_not_resent(warehouse: Warehouse) -> None:
    with pytest.raises(SystemExit):
        deliver(warehouse, Courier(SystemExit(1)), pairs("ada"), clock())
    courier = Courier()
    assert outcomes(deliver(warehouse, courier, pairs("ada"), clock(LATER))) == ["unconfirmed"]
    assert courier.sent == []


class HesitantWarehouse(Warehouse):
    """Lets the others go first after each transaction, so that a gap in a claim shows."""

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with super().transaction() as connection:
            yield connection
        time.sleep(0.2)


def in_process(courier: Postman | int, folder: Path, start: Any) -> None:  # noqa: ANN401
    """What another process does; a number is the port of a server."""
    post = mailer(courier) if isinstance(courier, int) else courier
    start.wait(60)
    hesitant = HesitantWarehouse(folder / "warehouse.duckdb", {"deliveries": DELIVERIES})
    deliver(hesitant, post, pairs("ada", "bob", "eve"), clock())


def run_processes(couriers: list[Any], folder: Path) -> list[int | None]:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(len(couriers))
    workers = [context.Process(target=in_process, args=(c, folder, start)) for c in couriers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    return [worker.exitcode for worker in workers]


def test_killed_process_is_never_made_up_for_by_itself(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    assert run_processes([DeadlyCourier()], tmp_path) == [9]
    courier = Courier()
    soon = deliver(warehouse, courier, pairs("ada", "bob"), clock())
    late = deliver(warehouse, courier, pairs("ada"), clock(LATER))
    assert (soon[0].outcome, soon[0].reason) == ("skipped", "being sent since 2025-09-09 06:30 UTC")
    assert outcomes(late) == ["unconfirmed"]
    assert courier.sent == ["bob@example.org"]


def test_processes_at_the_same_time_send_one_mail_each(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    with mail_server() as server:
        assert run_processes([server.port] * 3, tmp_path) == [0, 0, 0]
    assert sorted(server.inbox.recipients) == [
        "ada@example.org",
        "bob@example.org",
        "eve@example.org",
    ]
    assert {row["status"] for row in rows(warehouse).values()} == {"sent"}
    assert {row["attempts"] for row in rows(warehouse).values()} == {1}


def test_released_delivery_is_sent_again(warehouse: Warehouse) -> None:
    deliver(warehouse, Courier(MailError("lost", is_certain=False)), pairs("ada"), clock())
    assert unconfirmed(warehouse, NOW) == []  # may still be under way
    (stuck,) = unconfirmed(warehouse, LATER)
    assert (stuck.reader_id, stuck.digest_on, stuck.started_at) == ("ada", DAY, NOW)
    release(warehouse, stuck.digest_id)
    courier = Courier()
    assert outcomes(deliver(warehouse, courier, pairs("ada"), clock(LATER))) == ["sent"]
    assert courier.sent == ["ada@example.org"]
    assert rows(warehouse)["ada"]["attempts"] == 2


def test_confirmed_delivery_is_closed(warehouse: Warehouse) -> None:
    deliver(warehouse, Courier(MailError("lost", is_certain=False)), pairs("ada"), clock())
    confirm(warehouse, digest(reader_id="ada").digest_id, LATER)
    courier = Courier()
    assert deliver(warehouse, courier, pairs("ada"), clock(LATER))[0].reason == "already sent"
    assert courier.sent == []
    assert rows(warehouse)["ada"]["sent_at"] == LATER
    assert unconfirmed(warehouse, LATER) == []


def test_only_an_unconfirmed_delivery_can_be_decided(warehouse: Warehouse) -> None:
    deliver(warehouse, Courier(), pairs("ada"), clock())
    for digest_id in (digest(reader_id="ada").digest_id, "unknown"):
        with pytest.raises(UserError, match="no unconfirmed delivery"):
            release(warehouse, digest_id)
        with pytest.raises(UserError, match="no unconfirmed delivery"):
            confirm(warehouse, digest_id, LATER)
    assert rows(warehouse)["ada"]["status"] == "sent"


def test_a_late_answer_does_not_undo_a_persons_word(warehouse: Warehouse) -> None:
    class Released(Courier):
        def send(self, message: EmailMessage) -> None:
            release(warehouse, digest(reader_id="ada").digest_id)

    deliver(warehouse, Released(), pairs("ada"), clock())
    assert rows(warehouse)["ada"]["status"] == "failed"


def test_nothing_goes_out_without_address_or_without_insights(warehouse: Warehouse) -> None:
    courier = Courier()
    quiet = (digest(wanted=5), reader())
    without = (digest(entry()), reader(address=None))
    results = deliver(warehouse, courier, [quiet, without], clock(), is_requested=True)
    assert [result.reason for result in results] == ["nothing to tell", "no address"]
    assert courier.sent == []
    assert rows(warehouse) == {}


def test_early_and_old_digests_wait_for_a_request(warehouse: Warehouse) -> None:
    courier = Courier()
    early = deliver(warehouse, courier, pairs("ada"), clock(NOW - timedelta(hours=1)))
    weeks = clock(NOW + timedelta(days=14))
    old = deliver(warehouse, courier, pairs("ada"), weeks, max_age_days=2)
    assert [r.reason for r in early + old] == [
        "not due yet",
        "older than 2 days; mailed only on request",
    ]
    assert courier.sent == []
    asked = deliver(warehouse, courier, pairs("ada"), weeks, max_age_days=2, is_requested=True)
    again = deliver(warehouse, courier, pairs("ada"), weeks, max_age_days=2, is_requested=True)
    assert (outcomes(asked), outcomes(again)) == (["sent"], ["skipped"])


def test_a_digest_goes_to_its_own_reader_only(warehouse: Warehouse) -> None:
    courier = Courier()
    with pytest.raises(ValueError, match="must not go to bob"):
        deliver(warehouse, courier, [(digest(entry()), reader("bob"))], clock())
    assert courier.sent == []


def test_a_bad_sender_is_told_before_anything_is_claimed(warehouse: Warehouse) -> None:
    courier = Courier()
    courier.sender = "nobody"
    with pytest.raises(UserError, match="MAIL_FROM"):
        deliver(warehouse, courier, pairs("ada"), clock())
    assert rows(warehouse) == {}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "first"),
    [
        ("UTC", 6, date(2025, 9, 8), "2025-09-09T06:00"),
        ("America/New_York", 6, date(2025, 9, 8), "2025-09-09T10:00"),
        ("America/New_York", 6, date(2025, 12, 8), "2025-12-09T11:00"),
        ("Europe/Berlin", 2, date(2025, 3, 29), "2025-03-30T01:00"),  # 02:00 does not exist
        ("Europe/Berlin", 2, date(2025, 10, 25), "2025-10-26T00:00"),  # 02:00 comes twice
        ("America/New_York", 1, date(2025, 11, 1), "2025-11-02T05:00"),
        ("Pacific/Auckland", 6, date(2025, 9, 8), "2025-09-09T00:00"),  # the day must be over
    ],
)
def test_due_from_the_readers_hour_on_the_day_after(
    zone: str, hour: int, day: date, first: str
) -> None:
    ada = reader(time_zone=zone, hour=hour)
    assert is_due(ada, day, utc(first))
    assert not is_due(ada, day, utc(first) - timedelta(seconds=1))
