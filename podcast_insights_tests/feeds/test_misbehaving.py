"""Feeds that attack, and hosts that misbehave: each costs its own row, and nothing else."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.feeds.parse import FeedFormatError, parse_feed
from podcast_insights.net.client import Limits
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.effort import LIMIT, growth
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.feeds.world import World
from podcast_insights_tests.support.servers import (
    Behaviour,
    answer,
    bomb,
    busy,
    cut_chunks,
    dripping_body,
    dripping_headers,
    endless,
    fickle,
    many_headers,
    redirect,
    reset,
    short,
)

GOOD = rss(item("Good", guid="good", audio="https://e.org/good.mp3"))
MISBEHAVIOURS: dict[str, tuple[Callable[[], Behaviour], str]] = {
    "slow drip": (lambda: dripping_body(0.05), "too_slow"),
    "slow headers": (lambda: dripping_headers(0.05), "too_slow"),
    "endless body": (endless, "too_large"),
    "endless headers": (lambda: many_headers(2_000, 1_000), "too_large"),
    "redirect loop": (lambda: redirect("/feed"), "redirects"),
    "redirect inside": (lambda: redirect("http://127.0.0.1:9/"), "refused_address"),
    "redirect to metadata": (lambda: redirect("http://169.254.169.254/"), "refused_address"),
    "redirect to a file": (lambda: redirect("file:///etc/passwd"), "bad_address"),
    "fewer bytes than said": (lambda: short(GOOD[:100], len(GOOD)), "incomplete"),
    "cut chunks": (lambda: cut_chunks(GOOD), "incomplete"),
    "gzip bomb": (lambda: bomb("gzip"), "too_large"),
    "brotli bomb": (lambda: bomb("br"), "too_large"),
    "come back tomorrow": (lambda: busy("86000"), "asked_to_wait"),
    "hangs up": (reset, "unreachable"),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_a_misbehaving_host_costs_its_own_row_only(name: str, world: World) -> None:
    behaviour, kind = MISBEHAVIOURS[name]
    world.limits = Limits(200_000, read_timeout_s=1.0, total_timeout_s=1.0)
    bad = world.subscribe("/feed", behaviour())
    world.subscribe("/good", answer(GOOD))
    rows = {row["feed_id"]: row for row in world.scan()}
    assert rows[bad]["status"] == "failed"
    assert rows[bad]["failure"] == kind, rows[bad]["error"]
    assert (
        "127.0.0.1" in rows[bad]["error"]
        or "169.254" in rows[bad]["error"]
        or kind == "bad_address"
    )
    (good,) = (row for row in rows.values() if row["feed_id"] != bad)
    assert good["status"] == "ok"
    assert set(world.items()) == {"Good"}


def test_a_slow_host_holds_up_no_other_host(world: World) -> None:
    world.limits = Limits(200_000, read_timeout_s=2.0, total_timeout_s=2.0)
    other = world.host.url("/good", host="localhost")
    for n in range(2):
        world.subscribe(f"/slow{n}", dripping_body(0.05))
    world.host.pages["/good"] = answer(GOOD)
    world.subscribe(other, private_hosts=(f"localhost:{world.host.port}",))
    rows = world.scan()
    assert "/good" in world.paths[:2]  # before the slow host is asked a second time
    assert sorted(row["status"] for row in rows) == ["failed", "failed", "ok"]


def test_one_host_is_asked_one_feed_at_a_time(world: World) -> None:
    inside, most = [0], [0]

    def slow(request: Any) -> None:  # noqa: ANN401 - the server's handler
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        inside[0] -= 1
        answer(GOOD)(request)

    for n in range(6):
        world.subscribe(f"/{n}", slow)
        # From another host they are led to this one.
        world.host.pages[f"/from{n}"] = redirect(world.host.url(f"/{n}"))
        world.subscribe(
            world.host.url(f"/from{n}", host="localhost"),
            private_hosts=(world.host.host, f"localhost:{world.host.port}"),
        )
    rows = world.scan()
    assert {row["status"] for row in rows} == {"ok"}
    assert most == [1]


def test_a_new_etag_each_time_makes_nothing_new(world: World) -> None:
    world.subscribe("/feed", fickle(GOOD))
    for _ in range(3):
        world.now = world.now.replace(minute=world.now.minute + 1)
        world.scan()
    assert [fetch["new_item_count"] for fetch in world.fetches()] == [1, 0, 0]


FEEDS = SHARED / "data" / "feeds"
ATTACKS = (
    [*FEEDS.rglob("ATTACK_*"), *(FEEDS / "nasty" / "defusedxml").glob("*")]
    if FEEDS.exists()
    else []
)


@pytest.mark.skipif(not ATTACKS, reason="the shared feeds are not on this machine")
@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.name)
def test_shared_attacks_end_in_a_recorded_refusal(path: Path, world: World) -> None:
    refused_at_once(world, path.read_bytes())


def entities(declaration: str, encoding: str = "utf-8") -> bytes:
    """A feed that declares an entity and uses it in a title."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE rss [{declaration}]>'
        '<rss version="2.0"><channel><title>A show</title><item><title>&x;</title>'
        "<guid>1</guid></item></channel></rss>"
    )
    return text.encode(encoding)


OWN_ATTACKS = {
    "laughs": lambda url: entities(
        '<!ENTITY a "ha">'
        + "".join(f'<!ENTITY b{n} "{"&a;" * 20}">' for n in range(9))
        + '<!ENTITY x "&b1;">'
    ),
    "quadratic": lambda url: entities(f'<!ENTITY x "{"a" * 50_000}">'),
    "a file": lambda url: entities('<!ENTITY x SYSTEM "file:///etc/passwd">'),
    "a request": lambda url: entities(f'<!ENTITY x SYSTEM "{url}">'),
    "a parameter": lambda url: entities(f'<!ENTITY % x SYSTEM "{url}"> %x;'),
    "in UTF-16": lambda url: entities(f'<!ENTITY x SYSTEM "{url}">', "utf-16"),
    "in UTF-32": lambda url: entities(f'<!ENTITY x SYSTEM "{url}">', "utf-32"),
    "a foreign DTD with entities": lambda url: entities("").replace(
        b"<!DOCTYPE rss []>", f'<!DOCTYPE rss SYSTEM "{url}" [<!ENTITY x "aa">]>'.encode()
    ),
}


@pytest.mark.parametrize("name", OWN_ATTACKS)
def test_attacks_end_in_a_recorded_refusal(name: str, world: World) -> None:
    row = refused_at_once(world, OWN_ATTACKS[name](world.host.url("/secret")))
    assert row["failure"] == "hostile"


def refused_at_once(world: World, content: bytes) -> dict[str, Any]:
    """Serve `content`: it must end in a refusal, without much work, and ask for nothing more."""
    assert growth(read_or_refused, honest(len(content)), content) < LIMIT
    world.host.pages["/secret"] = answer(b"root:x:0:0")
    world.subscribe("/feed", answer(content))
    world.subscribe("/good", answer(GOOD))
    rows = world.scan()
    assert set(world.paths) == {"/feed", "/good"}
    row = next(row for row in rows if row["status"] != "ok")
    assert row["failure"] in ("hostile", "not_a_feed")
    assert row["error"]
    assert "root:" not in world.everything()
    assert set(world.items()) == {"Good"}
    return row


def honest(size: int) -> bytes:
    """A feed of about so many bytes that means no harm."""
    return rss(
        item("Good", guid="good", more=f"<description>{'word ' * (size // 5)}</description>")
    )


def read_or_refused(content: bytes) -> None:
    with suppress(FeedFormatError):
        parse_feed(content)


def test_a_feed_with_a_foreign_dtd_and_no_entities_is_read_without_it(world: World) -> None:
    dtd = world.host.url("/rss.dtd")
    content = GOOD.replace(b"<rss", f'<!DOCTYPE rss PUBLIC "x" "{dtd}"><rss'.encode(), 1)
    world.subscribe("/feed", answer(content))
    (row,) = world.scan()
    assert (row["status"], world.paths) == ("ok", ["/feed"])
