"""Mails as they are built, and as a real server on loopback takes or refuses them."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.digests.mail import Mailer, MailError, build_message, mailer_from
from podcast_insights.errors import UserError
from podcast_insights.settings import Settings
from podcast_insights_tests.digests import AUDIO, digest, entry, reader
from podcast_insights_tests.support.smtp import (
    HOST,
    Inbox,
    Running,
    authenticator,
    mail_server,
    tls_contexts,
)

AT = datetime(2025, 9, 9, 6, 0, tzinfo=UTC)
SENDER = "Podcast Insights <digest@example.org>"
PASSWORD = "open-sesame"  # noqa: S105 - of a server on loopback


def mailer(server: Running, **changes: object) -> Mailer:
    options = {"security": "none", "sender": SENDER, "timeout_s": 5.0, "verdict_timeout_s": 5.0}
    return Mailer(host=HOST, port=server.port, **{**options, **changes})  # type: ignore[arg-type]


def message() -> EmailMessage:
    return build_message(digest(entry(), entry(2)), reader(), SENDER, at=AT)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return cast(str, body.get_content())


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ssl.SSLContext, ...]]:
    contexts = tls_contexts(tmp_path_factory.mktemp("tls"))
    if contexts is None:
        pytest.skip("openssl is not installed")
    yield contexts


def test_mail_arrives_with_both_parts_and_its_headers() -> None:
    with mail_server() as server:
        mailer(server).send(message())
    (mail,) = server.inbox.mails
    assert server.inbox.recipients == ["ada@example.org"]
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["From"] == SENDER
    assert mail["To"] == "Ada <ada@example.org>"
    assert mail["Subject"] == "An idle GPU is not cheap (and 1 more)"
    assert mail["Date"].datetime == AT
    assert mail["Message-ID"] == f"<{digest().digest_id}@example.org>"
    assert mail["List-Id"] == "Podcast Insights <daily-digest.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert f'href="{AUDIO}"' in part(mail, "html")
    assert AUDIO in part(mail, "plain")
    assert "“" not in mail.as_string()  # every line is ASCII on the wire


def test_lines_that_start_with_a_dot_arrive_whole() -> None:
    letter = EmailMessage(policy=SMTP)
    letter["To"] = "ada@example.org"
    letter.set_content("first\n.\n..hidden\n.last\n")
    with mail_server() as server:
        mailer(server).send(letter)
    assert part(server.inbox.mails[0], "plain").splitlines() == ["first", ".", "..hidden", ".last"]


def test_same_digest_makes_the_same_message_id() -> None:
    assert message()["Message-ID"] == message()["Message-ID"]


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=300, deadline=None)
def test_whatever_the_sender_is_it_is_an_address_or_a_user_error(sender: str) -> None:
    try:
        made = Mailer(HOST, 25, "none", f"{sender}@example.org")
    except UserError:
        return
    assert build_message(digest(entry()), reader(), made.sender, at=AT)["From"].addresses


@given(st.text(st.characters(), max_size=200), st.text(st.characters(), min_size=1, max_size=80))
@settings(max_examples=100, deadline=None)
def test_no_headline_and_no_name_makes_another_header(headline: str, name: str) -> None:
    subject = digest(entry(headline=headline + "\r\nBcc: all@example.org", related=()))
    built = build_message(
        subject, reader(name="ada").model_copy(update={"name": name}), SENDER, at=AT
    )
    head = built.as_bytes(policy=SMTP).partition(b"\r\n\r\n")[0].decode("ascii")
    names = {
        line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))
    }
    assert names == {
        *("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
    }


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "ä@example.org",
        "<>@x.y",
    ],
)
def test_a_strange_address_is_refused_before_anything_is_sent(address: str) -> None:
    strange = reader().model_copy(update={"address": address})
    with pytest.raises(MailError, match="address of reader ada") as caught:
        build_message(digest(entry()), strange, SENDER, at=AT)
    assert caught.value.is_certain
    assert address not in str(caught.value)


@pytest.mark.parametrize("sender", ["", "nobody", "a@b.c\r\nBcc: d@e.f", "a@b.c, d@e.f", "@b.c"])
def test_a_sender_that_is_no_address_is_a_user_error(sender: str) -> None:
    with pytest.raises(UserError, match="MAIL_FROM"):
        Mailer(host=HOST, port=25, security="none", sender=sender)


def test_a_password_never_travels_in_the_clear_and_never_shows() -> None:
    with pytest.raises(UserError, match="unencrypted"):
        Mailer(HOST, 25, "none", SENDER, username="ada", password=PASSWORD)
    assert PASSWORD not in repr(Mailer(HOST, 25, "tls", SENDER, username="a", password=PASSWORD))


def test_refused_connection_is_certain() -> None:
    with closing(socket.socket()) as taken:
        taken.bind((HOST, 0))  # bound and not listening: connections are refused
        port = taken.getsockname()[1]
        with pytest.raises(MailError, match="refused") as caught:
            Mailer(HOST, port, "none", SENDER, timeout_s=5).send(message())
    assert caught.value.is_certain


def test_refused_recipient_is_certain_and_not_named() -> None:
    inbox = Inbox(refused={"ada@example.org"})
    with mail_server(inbox) as server, pytest.raises(MailError, match="550") as caught:
        mailer(server).send(message())
    assert caught.value.is_certain
    assert "ada@example.org" not in str(caught.value)
    assert inbox.mails == []


@pytest.mark.parametrize("answer", ["451 try later", "554 looks like spam", "552 too large"])
def test_refused_mail_is_certain(answer: str) -> None:
    inbox = Inbox(answers={"ada@example.org": answer})
    with mail_server(inbox) as server, pytest.raises(MailError, match=answer[4:]) as caught:
        mailer(server).send(message())
    assert caught.value.is_certain


def test_connection_lost_after_the_mail_left_is_uncertain() -> None:
    inbox = Inbox(drops_after_data=True)
    with mail_server(inbox) as server, pytest.raises(MailError, match="may have arrived") as caught:
        mailer(server).send(message())
    assert not caught.value.is_certain
    assert len(inbox.mails) == 1


def test_silence_after_the_mail_left_is_uncertain() -> None:
    inbox = Inbox(is_silent_after_data=True)
    with mail_server(inbox) as server, pytest.raises(MailError, match="may have arrived") as caught:
        mailer(server, timeout_s=0.4, verdict_timeout_s=0.4).send(message())
    assert not caught.value.is_certain


def test_a_slow_verdict_is_waited_for() -> None:
    inbox = Inbox(is_silent_after_data=True)
    with mail_server(inbox) as server:
        mailer(server, timeout_s=0.5, verdict_timeout_s=10.0).send(message())
    assert len(inbox.mails) == 1


def test_an_answer_that_is_none_is_uncertain() -> None:
    inbox = Inbox(answers={"ada@example.org": "well, thanks"})
    with mail_server(inbox) as server, pytest.raises(MailError) as caught:
        mailer(server).send(message())
    assert not caught.value.is_certain


def test_trouble_at_the_goodbye_is_no_failure() -> None:
    inbox = Inbox(breaks_at_quit=True)
    with mail_server(inbox) as server:
        mailer(server).send(message())
    assert len(inbox.mails) == 1


def test_starttls_that_is_not_offered_sends_nothing() -> None:
    with mail_server() as server, pytest.raises(MailError, match="offers no STARTTLS") as caught:
        mailer(server, security="starttls", username="ada", password=PASSWORD).send(message())
    assert caught.value.is_certain
    assert server.inbox.mails == []


def test_log_in_over_starttls(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    options = {"authenticator": authenticator("ada", PASSWORD), "auth_required": True}
    with mail_server(tls_context=tls[0], require_starttls=True, **options) as server:
        post = mailer(
            server, security="starttls", username="ada", password=PASSWORD, tls_context=tls[1]
        )
        post.send(message())
    assert len(server.inbox.mails) == 1


@pytest.mark.parametrize("password", ["wrong-sesame", "sésame"])
def test_refused_log_in_is_certain_and_says_no_password(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], password: str
) -> None:
    options = {"authenticator": authenticator("ada", PASSWORD), "auth_required": True}
    with mail_server(tls_context=tls[0], require_starttls=True, **options) as server:
        post = mailer(
            server, security="starttls", username="ada", password=password, tls_context=tls[1]
        )
        with pytest.raises(MailError) as caught:
            post.send(message())
    assert caught.value.is_certain
    assert password not in str(caught.value)
    assert caught.value.__cause__ is None
    assert server.inbox.mails == []


def test_mail_over_tls(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with mail_server(ssl_context=tls[0]) as server:
        mailer(server, security="tls", tls_context=tls[1]).send(message())
    assert len(server.inbox.mails) == 1


def test_an_unknown_certificate_is_refused(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with mail_server(tls_context=tls[0]) as server:
        with pytest.raises(MailError, match="certificate can't be trusted") as caught:
            mailer(server, security="starttls").send(message())
    assert caught.value.is_certain
    assert server.inbox.mails == []


def test_log_in_where_none_is_offered_is_told(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with mail_server(tls_context=tls[0], auth_exclude_mechanism=["LOGIN", "PLAIN"]) as server:
        post = mailer(
            server, security="starttls", username="ada", password=PASSWORD, tls_context=tls[1]
        )
        with pytest.raises(MailError, match="authentication") as caught:
            post.send(message())
    assert caught.value.is_certain


def test_mailer_comes_from_the_settings(tmp_path: Path) -> None:
    assert mailer_from(Settings(home=tmp_path)) is None
    configured = Settings(home=tmp_path, smtp_host="mail.example.org", mail_from=SENDER)
    assert mailer_from(configured) == Mailer("mail.example.org", 587, "starttls", SENDER)
