"""One request and its answer, from one host.

What does not belong here: where redirects lead (`client.py`), asking again (`polite.py`).
"""

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpcore
import httpx

from podcast_insights.net.addresses import RefusedAddressError, UnresolvedError, host_of
from podcast_insights.net.decoding import BodyError, unpacked
from podcast_insights.net.errors import FetchError
from podcast_insights.net.landing import Sink
from podcast_insights.net.retry_after import retry_after_s
from podcast_insights.net.sockets import Deadline

REDIRECTS = frozenset({301, 302, 303, 307, 308})
CONDITIONS = frozenset({"if-none-match", "if-modified-since"})

FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
"""What httpcore raises about a host."""


@dataclass(frozen=True)
class Limits:
    """What one request may cost. Waiting for a host's gate is not part of the total time.

    A body that is slower than `min_bytes_per_s` after `pace_after_s` is not waited for.
    Enclosures lie behind four and more hosts that count, each with a step to https of its own.
    """

    max_bytes: int
    max_redirects: int = 10
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    total_timeout_s: float = 600.0
    min_bytes_per_s: float = 0.0
    pace_after_s: float = 60.0

    @property
    def timeouts(self) -> dict[str, float]:
        """Those of single steps, as httpcore calls them."""
        read_s, connect_s = self.read_timeout_s, self.connect_timeout_s
        return {"connect": connect_s, "read": read_s, "write": read_s, "pool": connect_s}


@dataclass(frozen=True)
class Answer:
    """A finished request.

    `sha256` and `size_bytes` are those of the body, unpacked. `url` is the address that
    answered. `moved_to` is where permanent redirects lead from the address that was asked,
    up to the first temporary one; None if there is no such move. Both addresses may hold
    secrets: `redact` them before anybody sees them.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    sha256: str
    size_bytes: int
    body: bytes = field(default=b"", repr=False)
    moved_to: str | None = None


@dataclass(frozen=True)
class Redirect:
    """An answer that sends the client elsewhere."""

    status: int
    location: str


@dataclass(frozen=True)
class Exchange:
    """Asks within `limits` and until `deadline`, and passes bodies on to `sink`."""

    connections: httpcore.ConnectionPool
    limits: Limits
    deadline: Deadline
    sink: Sink

    def ask(self, url: str, parsed: httpx.URL, headers: Mapping[str, str]) -> Answer | Redirect:
        """The answer of the host of `url`, its body read, or where it sends us.

        Args:
            url: for the answer.
            parsed: the same, as it is asked.
            headers: all that is sent but the host's name.

        Raises:
            FetchError: no usable answer.
        """
        host, is_in_body = host_of(url), False
        target = httpcore.URL(
            scheme=parsed.raw_scheme,
            host=parsed.raw_host,
            port=parsed.port,
            target=parsed.raw_path,
        )
        extensions = {"timeout": self.limits.timeouts}
        try:
            with self.connections.stream(
                "GET", target, headers=in_bytes(headers), extensions=extensions
            ) as response:
                found = lower_case(response.headers)
                if response.status in REDIRECTS:
                    return redirect(response.status, found, host)
                if self.sink.is_whole(response.status, found):
                    return self._answer(response.status, found, url)
                self._check(
                    response.status, found, host, is_conditional=bool(CONDITIONS & set(headers))
                )
                is_in_body = True
                return self._drain(response, found, url)
        except (ValueError, OverflowError) as error:
            if is_in_body:  # not the host's fault, then
                raise
            # What only the resolver or TLS finds wrong with a name.
            raise FetchError(f"{host}: not a possible address", kind="bad_address") from error
        except BodyError as error:
            raise FetchError(f"{host} {error}", kind=error.kind) from error
        except FAILURES as error:
            if self.deadline.left() <= 0:
                raise self._too_slow(host) from error
            raise explained(error, host, is_in_body=is_in_body) from error

    def _check(
        self, status: int, headers: Mapping[str, str], host: str, *, is_conditional: bool
    ) -> None:
        """Go on only with a body that is wanted.

        A 304 nobody asked for would pass for an empty body.
        """
        if not 200 <= status < 300 and not (status == 304 and is_conditional):
            raise FetchError(
                f"{host} answered HTTP {status}",
                kind="http_status",
                status=status,
                retry_after_s=retry_after_s(headers),
            )
        self.sink.begin(status, headers, host)
        announced = headers.get("content-length", "")
        room = self.limits.max_bytes - self.sink.size
        if status != 304 and announced.isdecimal() and int(announced) > room:
            raise BodyError("too_large", f"announced more than {self.limits.max_bytes:,} bytes")

    def _drain(self, response: httpcore.Response, headers: Mapping[str, str], url: str) -> Answer:
        most = self.limits.max_bytes
        begun, before = self.deadline.clock(), self.sink.size
        encoding = headers.get("content-encoding", "")
        for piece in unpacked(response.iter_stream(), encoding, most):
            if self.deadline.left() <= 0:
                raise self._too_slow(host_of(url))
            if self.sink.size + len(piece) > most:  # after what came before
                raise BodyError("too_large", f"sent more than {most:,} bytes")
            self.sink.write(piece)
            self._keep_pace(self.sink.size - before, self.deadline.clock() - begun, url)
        self.sink.finish(host_of(url))
        return self._answer(response.status, headers, url)

    def _answer(self, status: int, headers: Mapping[str, str], url: str) -> Answer:
        return Answer(status, url, headers, self.sink.sha256, self.sink.size)

    def _keep_pace(self, size: int, seconds: float, url: str) -> None:
        slowest = self.limits.min_bytes_per_s
        if seconds > self.limits.pace_after_s and size < slowest * seconds:
            message = f"{host_of(url)} sent less than {slowest:g} bytes a second"
            raise FetchError(message, kind="too_slow")

    def _too_slow(self, host: str) -> FetchError:
        return FetchError(f"{host} took more than {self.deadline.seconds:g} s", kind="too_slow")


def in_bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they are sent: an ETag outside of ASCII goes back as it came."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def lower_case(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name in lower case; those that come several times are joined by commas."""
    return dict(httpx.Headers(list(headers)).items())


def redirect(status: int, headers: Mapping[str, str], host: str) -> Redirect:
    """Where an answer sends us.

    Raises:
        FetchError: it does not say where to.
    """
    location = headers.get("location", "").strip()
    if not location:
        message = f"{host} redirected (HTTP {status}) without saying where to"
        raise FetchError(message, kind="redirects", status=status)
    return Redirect(status, location)


def explained(error: Exception, host: str, *, is_in_body: bool) -> FetchError:
    """What one of `FAILURES` means.

    In words of ours: the libraries' own may quote what was sent.
    """
    if isinstance(error, RefusedAddressError):
        return FetchError(str(error), kind="refused_address")
    if isinstance(error, UnresolvedError):
        return FetchError(str(error), kind="unreachable", is_transient=error.is_transient)
    if isinstance(error, httpcore.ReadTimeout | httpcore.WriteTimeout):
        return FetchError(f"{host} went silent", kind="too_slow", is_transient=True)
    if is_in_body:
        return FetchError(f"{host} broke off in the middle of the body", kind="incomplete")
    # httpcore keeps what it wraps as its argument, and hides it as the cause.
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = f"its certificate can't be trusted ({cause.verify_message})"
        return FetchError(f"{host}: {why}", kind="unreachable")
    if isinstance(error, httpcore.ProtocolError) and isinstance(cause, Exception):
        return nonsense(error, cause, host)
    why = str(error) or type(error).__name__
    return FetchError(f"{host} can't be reached: {why}", kind="unreachable", is_transient=True)


def nonsense(error: httpcore.ProtocolError, cause: Exception, host: str) -> FetchError:
    """What it means that h11, the HTTP parser, gave up for `cause`."""
    if isinstance(error, httpcore.LocalProtocolError):
        return FetchError(f"{host} can't be asked with such headers")
    if getattr(cause, "error_status_hint", None) == 431:
        return FetchError(f"{host} sent headers without end", kind="too_large")
    return FetchError(f"{host} sent what is not HTTP")
