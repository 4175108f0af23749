"""A digest as a mail, and the server that takes it.

The one thing that matters for "exactly once" is decided here: after a failure, whether the
server surely did not accept the mail, or whether nobody can know.

What does not belong here: who gets a mail and whether they had it already (`delivery.py`).
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import Literal

from podcast_insights.digests.model import Digest
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.render import digest_subject, folded, render_html, render_text
from podcast_insights.errors import UserError
from podcast_insights.settings import PREFIX, Settings

VERDICT_TIMEOUT_S = 600.0
"""How long to wait for the answer to a whole mail, as RFC 5321 4.5.3.2.6 asks: a server that
scans for minutes has still accepted the mail, and who hangs up early can't know it."""

GOODBYE_TIMEOUT_S = 5.0
DETAIL_LIMIT = 200


class MailError(Exception):
    """A mail was not delivered, or nobody knows.

    Never holds the password or the recipient's address, because it is stored and logged.
    """

    def __init__(self, message: str, *, is_certain: bool) -> None:
        """Keep what happened.

        Args:
            message: what happened, and what to do where a person can do something.
            is_certain: True if the server surely did not accept the mail, so that sending
                again can't bring it twice; False if it may have.
        """
        super().__init__(message)
        self.is_certain = is_certain


@dataclass(frozen=True)
class Mailer:
    """An SMTP server and how to talk to it.

    Args:
        host: its name, which its certificate must show.
        port: 587 for starttls, 465 for tls, as a rule.
        security: starttls and tls refuse to go on without encryption.
        username: empty: no log-in.
        password: goes with it.
        sender: as `Name <address>` or a bare address.
        timeout_s: longest silence of the server before the mail was handed over.
        verdict_timeout_s: longest wait for the server's answer to the whole mail.
        tls_context: other than the system's certificates, for a private authority.

    Raises:
        UserError: the sender is no address, or a password would travel unencrypted.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 30.0
    verdict_timeout_s: float = VERDICT_TIMEOUT_S
    tls_context: ssl.SSLContext | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what would fail for every mail."""
        sender_address(self.sender)
        if self.security == "none" and self.password:
            raise UserError(
                "The SMTP password would travel unencrypted.",
                f"Set {PREFIX}SMTP_SECURITY to starttls or tls, or remove the password.",
            )

    def send(self, message: EmailMessage) -> None:
        """Hand one mail to the server; a good end is that the server accepted it.

        Raises:
            MailError: with `is_certain` False only when the connection broke, or the server
                was silent or unintelligible, after the mail had begun to leave.
        """
        recipient = message["To"].addresses[0].addr_spec
        data = message.as_bytes(policy=SMTP)
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"{self._name}: {reason(error)}", is_certain=True) from None
        try:
            self._hand_over(server, recipient, data)
        finally:
            close(server)

    @property
    def _name(self) -> str:
        return f"{self.host}:{self.port}"

    def _connected(self) -> smtplib.SMTP:
        """An encrypted, logged-in connection, as the settings demand."""
        context = self.tls_context or ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_s, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                self._encrypt(server, context)
            if self.username:
                self._log_in(server)
        except BaseException:
            close(server)
            raise
        return server

    def _encrypt(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if not server.has_extn("starttls"):
            raise MailError(
                f"{self._name} offers no STARTTLS, so nothing was sent. Set "
                f"{PREFIX}SMTP_SECURITY to tls (port 465, as a rule), or ask who runs the server.",
                is_certain=True,
            )
        server.starttls(context=context)
        server.ehlo()

    def _log_in(self, server: smtplib.SMTP) -> None:
        # smtplib would fail on other characters with an error that holds the password.
        if not (self.username.isascii() and self.password.isascii()):
            raise MailError("SMTP user name and password must be ASCII.", is_certain=True)
        try:
            server.login(self.username, self.password)
        except smtplib.SMTPAuthenticationError as error:
            # Without the server's words: some repeat what was sent.
            raise MailError(
                f"{self._name} refused the log-in ({error.smtp_code}). Check "
                f"{PREFIX}SMTP_USERNAME and {PREFIX}SMTP_PASSWORD.",
                is_certain=True,
            ) from None

    def _hand_over(self, server: smtplib.SMTP, recipient: str, data: bytes) -> None:
        """Sender, recipient, mail: one refusal ends it."""
        try:
            code, answer = server.mail(sender_address(self.sender).addr_spec)
            self._accepted(code, answer, "the sender", recipient)
            code, answer = server.rcpt(recipient)
            self._accepted(code, answer, "the recipient", recipient)
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"{self._name}: {reason(error)}", is_certain=True) from None
        try:
            if server.sock is not None:
                server.sock.settimeout(max(self.timeout_s, self.verdict_timeout_s))
            code, answer = server.data(data)
        except smtplib.SMTPDataError as error:  # the answer to DATA: the mail stayed here
            raise MailError(f"{self._name}: {reason(error)} to DATA", is_certain=True) from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(
                f"{self._name}: {reason(error)} after the mail had begun to leave; "
                "it may have arrived.",
                is_certain=False,
            ) from None
        self._accepted(code, answer, "the mail", recipient)

    def _accepted(self, code: int, answer: bytes, what: str, recipient: str) -> None:
        """Raise unless the answer is a 2xx; only 4xx and 5xx say surely that a mail failed."""
        if 200 <= code < 300:
            return
        said = folded(answer.decode("utf-8", "replace")).replace(recipient, "<recipient>")
        raise MailError(
            f"{self._name} did not accept {what} ({code}): {said[:DETAIL_LIMIT]}",
            is_certain=400 <= code < 600 or what != "the mail",
        )


def mailer_from(settings: Settings) -> Mailer | None:
    """The configured server, or None where digests are not mailed.

    Raises:
        UserError: the sender is no address.
    """
    if not settings.is_mail_configured:
        return None
    return Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.mail_from,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
    )


def build_message(digest: Digest, reader: Reader, sender: str, *, at: datetime) -> EmailMessage:
    """The digest as text and HTML in one mail; the same digest has the same Message-ID.

    Args:
        digest: what it says.
        reader: who gets it.
        sender: as `Name <address>` or a bare address.
        at: for the Date header.

    Raises:
        MailError: the reader has no address that a mail can go to.
        UserError: the sender is no address.
    """
    author = sender_address(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = author
    message["To"] = recipient_address(reader)
    message["Subject"] = digest_subject(digest)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(digest, sender)
    message["List-Id"] = f"Podcast Insights <daily-digest.{author.domain}>"
    # RFC 3834, and the same for Exchange: no out-of-office replies, please.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(render_text(digest), cte="quoted-printable")
    message.add_alternative(render_html(digest), subtype="html", cte="quoted-printable")
    return message


def message_id(digest: Digest, sender: str) -> str:
    """The same in every attempt, so that a mailbox can fold what came twice after all."""
    return f"<{digest.digest_id}@{sender_address(sender).domain}>"


def sender_address(sender: str) -> Address:
    """The sender's name and address.

    Raises:
        UserError: there is not exactly one usable address.
    """
    address = parsed(sender)
    if address is None:
        raise UserError(
            f"{PREFIX}MAIL_FROM is not a sender.",
            "Set it to something like Podcast Insights <digest@example.org>.",
        )
    return address


def recipient_address(reader: Reader) -> Address:
    """The reader's name and address."""
    address = parsed(reader.address or "")
    if address is None:
        raise MailError(
            f"The address of reader {reader.id} is not one plain ASCII address; correct it in "
            "readers.yaml.",
            is_certain=True,
        )
    return Address(folded(reader.name), addr_spec=address.addr_spec)


def parsed(text: str) -> Address | None:
    """The one address in `text`, or None; whatever could start another header is refused."""
    found = getaddresses([text])
    if folded(text) != text or len(found) != 1 or not found[0][1].isascii():
        return None
    try:
        address = Address(found[0][0], addr_spec=found[0][1])
    except (ValueError, IndexError, MessageError):  # the parser raises all three
        return None
    return address if address.username and address.domain else None


def reason(error: Exception) -> str:
    """A failed connection in words."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {error.smtp_code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate can't be trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return folded(str(error))[:DETAIL_LIMIT] or type(error).__name__


def close(server: smtplib.SMTP) -> None:
    """Say goodbye; once the mail was accepted or refused, a failure here means nothing."""
    try:
        if server.sock is not None:
            server.sock.settimeout(GOODBYE_TIMEOUT_S)
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
