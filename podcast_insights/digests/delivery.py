"""Each digest by mail once: the ledger `deliveries`, and who is due.

A row is claimed as `sending` and committed before the mail leaves, and confirmed as `sent`
after. Between the two lies the one moment nobody can look into: a process that is killed
there, or a connection that breaks there, may or may not have delivered. Such a row stays
`sending` and is never sent again by itself; `unconfirmed` lists it, and a person who has
looked into the mailbox calls `release` or `confirm`. A digest too few is a pity, a digest
too many costs trust.

Nor is an insight mailed twice: what another digest brought the reader since this one was
composed (a mail that failed and is tried again, days that are run out of order) is left out.

What does not belong here: SMTP (`mail.py`); how a digest looks (`render.py`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Literal, Protocol
from zoneinfo import ZoneInfo

from podcast_insights.digests.mail import MailError, build_message, message_id, sender_address
from podcast_insights.digests.model import Digest, without
from podcast_insights.digests.readers import Reader
from podcast_insights.errors import UserError
from podcast_insights.warehouse.windows import end_of_day

if TYPE_CHECKING:  # the warehouse needs dataframely, which Dagster's code location does without.
    import duckdb

    from podcast_insights.warehouse.database import Warehouse

Outcome = Literal["sent", "failed", "unconfirmed", "skipped"]

IN_PROGRESS = timedelta(minutes=30)
"""A younger claim may be another process at work: its longest wait is the 10 minutes of
`mail.VERDICT_TIMEOUT_S`, and a machine may be slow."""


class Postman(Protocol):
    """Takes a mail to its recipient: `mail.Mailer`, or a test's own."""

    @property
    def sender(self) -> str:
        """The sender, as `Name <address>` or a bare address."""
        ...

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over.

        Raises:
            MailError: it was not accepted, or its outcome is unknown.
        """
        ...


@dataclass(frozen=True)
class DeliveryResult:
    """What became of one digest in one call.

    Args:
        digest_id: the digest.
        reader_id: the reader.
        outcome: sent; failed, is tried again; unconfirmed, a person must decide; skipped.
        reason: why it was not sent; empty for `sent`.
    """

    digest_id: str
    reader_id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Claim:
    """What the ledger said when we asked for a digest; no attempt: not ours to send.

    Args:
        told: insights of the digest that another one has brought to the reader.
    """

    attempt: int | None
    outcome: Outcome = "skipped"
    reason: str = ""
    told: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Unconfirmed:
    """A delivery whose outcome nobody knows."""

    digest_id: str
    digest_on: date
    reader_id: str
    started_at: datetime
    error: str | None


def is_due(reader: Reader, digest_on: date, now: datetime) -> bool:
    """Whether `now` is past the reader's hour on the day after `digest_on`.

    The hour is the reader's local one, also across a change of clocks: an hour that the
    change skips is taken as the one after, an hour that comes twice as the first. East of
    Greenwich that hour can come before the UTC day is over; then its end is waited for.
    """
    next_day = digest_on + timedelta(days=1)
    local = datetime.combine(next_day, time(reader.hour), ZoneInfo(reader.time_zone))
    return now.astimezone(UTC) >= max(local.astimezone(UTC), end_of_day(digest_on))


def deliver(
    warehouse: "Warehouse",
    mailer: Postman,
    digests: Iterable[tuple[Digest, Reader]],
    now: Callable[[], datetime],
    *,
    max_age_days: int | None = None,
    is_requested: bool = False,
) -> list[DeliveryResult]:
    """Mail every digest that is due and was not mailed before; one failure stops no other.

    Safe to call at any time, from several processes at once, and after any crash.

    Args:
        warehouse: holds the ledger.
        mailer: takes the mails.
        digests: each with its reader.
        now: the clock.
        max_age_days: older digests are skipped, so that a backfill mails nothing; None: any.
        is_requested: a person asked for these: neither hour nor age count. The ledger does.

    Raises:
        UserError: the sender is no address, or the warehouse stays locked.
        ValueError: a digest is paired with somebody else.
    """
    sender_address(mailer.sender)
    results = []
    for digest, reader in digests:
        if digest.reader_id != reader.id:
            raise ValueError(f"a digest of {digest.reader_id} must not go to {reader.id}")
        reason = why_not(digest, reader)
        if not reason and not is_requested:
            reason = why_not_now(digest, reader, now(), max_age_days)
        if reason:
            results.append(DeliveryResult(digest.digest_id, reader.id, "skipped", reason))
        else:
            results.append(deliver_one(warehouse, mailer, digest, reader, now))
    return results


def why_not(digest: Digest, reader: Reader) -> str:
    """What keeps a digest from ever being mailed, or nothing."""
    if reader.address is None:
        return "no address"
    return "" if digest.entries else "nothing to tell"


def why_not_now(digest: Digest, reader: Reader, now: datetime, max_age_days: int | None) -> str:
    """What keeps a digest from being mailed unasked at this time, or nothing."""
    if not is_due(reader, digest.digest_on, now):
        return "not due yet"
    age = (now.astimezone(UTC).date() - digest.digest_on).days
    if max_age_days is not None and age > max_age_days:
        return f"older than {max_age_days} days; mailed only on request"
    return ""


def deliver_one(
    warehouse: "Warehouse",
    mailer: Postman,
    digest: Digest,
    reader: Reader,
    now: Callable[[], datetime],
) -> DeliveryResult:
    """Claim, send, confirm: two short transactions with the mail between them."""
    started_at = now()
    claim = claimed(warehouse, digest, message_id(digest, mailer.sender), started_at)
    if claim.attempt is None:
        return DeliveryResult(digest.digest_id, reader.id, claim.outcome, claim.reason)
    try:
        new = without(digest, claim.told)
        mailer.send(build_message(new, reader, mailer.sender, at=started_at))
    except MailError as error:
        status, reason = ("failed" if error.is_certain else "sending"), str(error)
    except Exception as error:
        # Whatever it is, it may have struck after the mail left. It must not strike others.
        status, reason = "sending", f"{type(error).__name__} while sending; outcome unknown"
    else:
        status, reason = "sent", ""
    settle(warehouse, digest.digest_id, claim.attempt, status, reason, now())
    return DeliveryResult(digest.digest_id, reader.id, OUTCOMES[status], reason)


def claimed(warehouse: "Warehouse", digest: Digest, mail_id: str, at: datetime) -> Claim:
    """Take the digest for us, unless the ledger says that it was or is being sent.

    Look and claim are one transaction under the warehouse's lock: of several processes
    exactly one gets the digest.
    """
    key = digest.digest_id
    with warehouse.transaction() as connection:
        row = connection.execute(
            "SELECT status, attempts, epoch(started_at) FROM deliveries WHERE digest_id = ?", [key]
        ).fetchone()
        if row is not None and row[0] != "failed":
            return refusal(row[0], datetime.fromtimestamp(row[2], UTC), at)
        told = told_elsewhere(connection, digest)
        insights = [e.insight_id for e in digest.entries if e.insight_id not in told]
        if not insights:
            return Claim(None, "skipped", "other digests have brought all of it")
        attempt = 1 if row is None else int(row[1]) + 1
        connection.execute("DELETE FROM deliveries WHERE digest_id = ?", [key])
        connection.execute(
            "INSERT INTO deliveries BY NAME SELECT ? AS digest_id, ? AS digest_on, "
            "? AS reader_id, 'sending' AS status, ? AS message_id, ? AS attempts, "
            "? AS started_at, ?::VARCHAR[] AS insight_ids",
            [key, digest.digest_on, digest.reader_id, mail_id, attempt, at, insights],
        )
        note_change(connection)
    return Claim(attempt, told=told)


def told_elsewhere(connection: "duckdb.DuckDBPyConnection", digest: Digest) -> frozenset[str]:
    """Insights of a digest that the reader got, or may have got, by mail of another one."""
    rows = connection.execute(
        "SELECT DISTINCT unnest(list_intersect(insight_ids, ?::VARCHAR[])) FROM deliveries "
        "WHERE reader_id = ? AND digest_id <> ? AND status <> 'failed'",
        [[entry.insight_id for entry in digest.entries], digest.reader_id, digest.digest_id],
    ).fetchall()
    return frozenset(name for (name,) in rows)


def refusal(status: str, started_at: datetime, now: datetime) -> Claim:
    """Why a digest with this ledger row is not ours to send."""
    if status == "sent":
        return Claim(None, "skipped", "already sent")
    since = f"{started_at:%Y-%m-%d %H:%M} UTC"
    if now - started_at < IN_PROGRESS:
        return Claim(None, "skipped", f"being sent since {since}")
    return Claim(
        None,
        "unconfirmed",
        f"begun at {since} and never confirmed: it may have arrived. Look into the mailbox, "
        "then release it (send again) or confirm it (it is there).",
    )


def settle(
    warehouse: "Warehouse", digest_id: str, attempt: int, status: str, reason: str, at: datetime
) -> None:
    """Write down how our attempt ended, unless a person or another attempt came in between."""
    with warehouse.transaction() as connection:
        connection.execute(
            "UPDATE deliveries SET status = ?, error = ?, sent_at = ? "
            "WHERE digest_id = ? AND attempts = ? AND status = 'sending'",
            [status, reason or None, at if status == "sent" else None, digest_id, attempt],
        )
        note_change(connection)


def unconfirmed(warehouse: "Warehouse", now: datetime) -> list[Unconfirmed]:
    """Deliveries that began long enough ago and were never confirmed, the oldest first."""
    rows = warehouse.read(
        "SELECT digest_id, digest_on, reader_id, started_at, error FROM deliveries "
        "WHERE status = 'sending' AND started_at <= ? ORDER BY started_at, digest_id",
        [now - IN_PROGRESS],
    )
    return [Unconfirmed(**row) for row in rows.iter_rows(named=True)]


def release(warehouse: "Warehouse", digest_id: str) -> None:
    """On a person's word that it did not arrive, let the next delivery send it again.

    Make sure that no process is sending it at this moment.

    Raises:
        UserError: there is no unconfirmed delivery of that name.
    """
    decide(warehouse, digest_id, "failed", "released by a person", None)


def confirm(warehouse: "Warehouse", digest_id: str, at: datetime) -> None:
    """On a person's word that it did arrive, close the case.

    Raises:
        UserError: there is no unconfirmed delivery of that name.
    """
    decide(warehouse, digest_id, "sent", "confirmed by a person", at)


def decide(
    warehouse: "Warehouse", digest_id: str, status: str, note: str, sent_at: datetime | None
) -> None:
    """Give an unconfirmed row the status a person says it has."""
    with warehouse.transaction() as connection:
        decided = connection.execute(
            "UPDATE deliveries SET status = ?, error = ?, sent_at = ? "
            "WHERE digest_id = ? AND status = 'sending' RETURNING digest_id",
            [status, note, sent_at, digest_id],
        ).fetchall()
        if not decided:
            raise UserError(
                f"There is no unconfirmed delivery {digest_id}.",
                "See the rows of the table deliveries with status = 'sending'.",
            )
        note_change(connection)


def note_change(connection: "duckdb.DuckDBPyConnection") -> None:
    """Let the analysts' copy follow."""
    from podcast_insights.warehouse.database import touch

    touch(connection)


OUTCOMES: dict[str, Outcome] = {"sent": "sent", "failed": "failed", "sending": "unconfirmed"}
