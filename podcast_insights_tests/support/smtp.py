"""A real SMTP server on a free loopback port, with the misbehaviours that tests need."""

import email
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


@dataclass
class Inbox:
    """Keeps what arrives, and misbehaves as told.

    Args:
        refused: recipients that get a 550.
        answers: replies to DATA by recipient, for example `451 try later`.
        drops_after_data: take the mail, keep it, and break the connection without an answer.
        is_silent_after_data: take the mail and never answer.
        breaks_at_quit: accept the mail, then break the connection at QUIT.
    """

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    drops_after_data: bool = False
    is_silent_after_data: bool = False
    breaks_at_quit: bool = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept or refuse a recipient."""
        if address in self.refused:
            return f"550 5.1.1 <{address}> no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, then answer, or not."""
        answer = self.answers.get(envelope.rcpt_tos[0], "250 accepted")
        if answer.startswith("250"):
            self.recipients += envelope.rcpt_tos
            content = cast(bytes, envelope.content)
            self.mails.append(email.message_from_bytes(content, policy=SMTP_POLICY))
        if self.drops_after_data:
            cast(Any, server.transport).abort()
        if self.is_silent_after_data:
            time.sleep(1.5)
        return answer

    async def handle_QUIT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Say goodbye, or slam the door."""
        if self.breaks_at_quit:
            cast(Any, server.transport).abort()
        return "221 Bye"


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    port: int
    inbox: Inbox


@contextmanager
def mail_server(inbox: Inbox | None = None, **options: Any) -> Iterator[Running]:  # noqa: ANN401
    """Run a server while the block runs.

    Args:
        inbox: keeps what arrives; a well-behaved one if not given.
        options: aiosmtpd's, for TLS and log-in.
    """
    kept = inbox or Inbox()
    controller = FreePortController(kept, hostname=HOST, port=0, **options)
    controller.start()
    try:
        yield Running(controller.port, kept)
    finally:
        controller.stop()


class FreePortController(Controller):
    """Lets the system choose the port, and knows it before it is asked for it."""

    def _trigger_server(self) -> None:
        server = cast(Any, self.server)
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def authenticator(name: str, password: str) -> Any:  # noqa: ANN401 - aiosmtpd's callable
    """Lets in who has this name and password."""

    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            name.encode(),
            password.encode(),
        )
        return AuthResult(success=is_right, handled=False)

    return check


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext] | None:
    """Server and client contexts around a fresh self-signed certificate; None without openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate), "-days", "2"]
    subprocess.run(  # noqa: S603 - our own words only
        [openssl, "req", "-x509", *curve, *subject, *files], check=True, capture_output=True
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))
