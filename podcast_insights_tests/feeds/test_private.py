"""Private feeds: what opens them is sent to their host and stands nowhere else."""

import base64

import pytest

from podcast_insights.episodes.identify import identify
from podcast_insights.feeds.private import AddressBook
from podcast_insights.net.client import FetchError
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.feeds.world import DAY, NIGHT, World, column
from podcast_insights_tests.support.servers import answer, conditional, protected, redirect

TOKEN = "s3cr3t-t0k3n-of-mine"
PASSWORD = "correct horse/battery"
AUDIO = "https://cdn.example.org/{}/one.mp3?auth={}"
TRANSCRIPT = '<podcast:transcript url="https://cdn.example.org/one.vtt?auth={}" type="text/vtt"/>'


def private_item(token: str = TOKEN, guid: str = "guid-1", title: str = "One") -> str:
    """An item as private feeds have them: the token is in every address, and in the notes."""
    return item(
        title,
        guid=guid,
        audio=AUDIO.format(token, token),
        more=TRANSCRIPT.format(token)
        + f"<link>https://example.org/one?auth={token}</link>"
        + f"<description>Listen: https://example.org/{token}</description>",
    )


def episodes(world: World) -> list[dict[str, object]]:
    """Rows of `episodes` of all that was announced."""
    items = world.warehouse.read("SELECT * FROM announced_items", table="announced_items")
    return identify(items, items)


def test_a_token_from_the_environment_is_sent_and_never_stored(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    world.subscribe("/feed/${MY_TOKEN}?auth=${MY_TOKEN}")
    world.host.pages[f"/feed/{TOKEN}"] = answer(rss(private_item()))
    (row,) = world.scan(DAY, at=NIGHT)
    assert world.paths == [f"/feed/{TOKEN}?auth={TOKEN}"]
    assert (row["status"], row["item_count"]) == ("ok", 1)
    assert "${MY_TOKEN}" in row["feed_url"]
    assert TOKEN not in world.everything()
    assert TOKEN not in str(episodes(world))
    (episode,) = episodes(world)
    assert (episode["status"], episode["is_private"]) == ("ok", True)


def test_a_token_written_out_in_the_list_is_a_secret_too(world: World) -> None:
    world.subscribe(f"/feed?auth={TOKEN}&format=mp3", answer(rss(private_item())))
    (row,) = world.scan(DAY, at=NIGHT)
    assert (row["status"], world.paths) == ("ok", [f"/feed?auth={TOKEN}&format=mp3"])
    assert TOKEN not in world.everything()
    (episode,) = episodes(world)
    assert AddressBook(world.cache).enclosure(episode) == AUDIO.format(TOKEN, TOKEN)


def test_other_parameters_make_no_secret(world: World) -> None:
    url = world.host.url("/feed?id=1234567890&format=mp3&category=keynotes&author=ann")
    world.subscribe(url, answer(rss(item("One"))))
    world.host.pages["/feed"] = answer(rss(item("One", audio="https://e.org/play.mp3?id=7")))
    world.scan(DAY, at=NIGHT)
    (episode,) = episodes(world)
    assert (episode["is_private"], episode["enclosure_url"]) == (
        False,
        "https://e.org/play.mp3?id=7",
    )


def test_the_real_address_is_found_where_it_came_from(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    world.subscribe("/feed?auth=${MY_TOKEN}", answer(rss(private_item())))
    world.scan(DAY, at=NIGHT)
    (episode,) = episodes(world)
    book = AddressBook(world.cache)
    assert book.enclosure(episode) == AUDIO.format(TOKEN, TOKEN)
    assert book.transcript(episode) == f"https://cdn.example.org/one.vtt?auth={TOKEN}"
    world.cache.prune("feeds")
    assert book.enclosure(episode)  # read once, remembered for the run
    with pytest.raises(FetchError, match="materialize `feeds` of today"):
        AddressBook(world.cache).enclosure(episode)


def test_of_two_languages_in_one_path_each_has_its_own_address(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    url = "https://e.org/t.vtt?lang={0}&amp;auth=" + TOKEN
    link = '<podcast:transcript url="' + url + '" type="text/vtt" language="{0}"/>'
    more = link.format("de") + link.format("en")
    world.subscribe("/feed?auth=${MY_TOKEN}", answer(rss(item("One", more=more))))
    world.scan(DAY, at=NIGHT)
    (episode,) = episodes(world)
    book = AddressBook(world.cache)
    for language in ("de", "en"):
        found = book.transcript({**episode, "transcript_language": language})
        assert found == f"https://e.org/t.vtt?lang={language}&auth={TOKEN}"


def test_of_several_episodes_each_has_its_own_address(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    items = [
        item(f"Episode {n}", guid=f"{n}", audio=f"https://e.org/play?id={n}&token={TOKEN}")
        for n in range(3)
    ]
    world.subscribe("/feed?auth=${MY_TOKEN}", answer(rss(*items)))
    world.scan(DAY, at=NIGHT)
    book = AddressBook(world.cache)
    found = {str(e["title"]): book.enclosure(e) for e in episodes(world)}
    assert found == {f"Episode {n}": f"https://e.org/play?id={n}&token={TOKEN}" for n in range(3)}


def test_a_public_address_is_the_row_s_own(world: World) -> None:
    world.subscribe("/feed", answer(rss(item("One", audio="https://e.org/1.mp3?token=abc"))))
    world.scan(DAY, at=NIGHT)
    (episode,) = episodes(world)
    assert AddressBook(world.cache).enclosure(episode) == "https://e.org/1.mp3?token=abc"


def test_guids_that_are_addresses_stay_apart_and_keep_no_token(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    pages = [f"https://e.org/?p={n}&auth={TOKEN}" for n in (1, 2)]
    for day, title in ((0, "Old"), (3, "New")):
        items = [item(f"{title} {n}", guid=g, audio=None) for n, g in enumerate(pages)]
        world.host.pages["/feed"] = answer(rss(*items))
        if not world.feeds:
            world.subscribe("/feed?auth=${MY_TOKEN}")
        world.scan(DAY.replace(day=8 + day), at=NIGHT.replace(day=9 + day))
    assert set(world.items()) == {"New 0", "New 1"}
    assert TOKEN not in world.everything()


def test_a_new_token_keeps_the_feed_and_its_episodes(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    feed_id = world.subscribe("/feed?auth=${MY_TOKEN}", answer(rss(private_item())))
    world.scan(DAY, at=NIGHT)
    (before,) = episodes(world)
    other = "another-t0k3n-of-mine"
    world.environ["MY_TOKEN"] = other
    world.host.pages["/feed"] = answer(rss(private_item(other)))
    world.scan(at=world.now.replace(hour=8))
    world.scan(DAY.replace(day=10), at=NIGHT.replace(day=11))
    (after,) = episodes(world)
    assert (after["episode_id"], after["feed_id"]) == (before["episode_id"], feed_id)
    assert AddressBook(world.cache).enclosure(after) == AUDIO.format(other, other)
    assert world.changes() == []
    assert other not in world.everything()


def test_basic_authentication_comes_from_the_environment(world: World) -> None:
    world.environ["LOGIN"] = f"ann:{PASSWORD}"
    page = protected(conditional(rss(item("One")), '"v1"'), "ann", PASSWORD)
    world.subscribe("/feed", page, auth_env="LOGIN")
    (row,) = world.scan(DAY, at=NIGHT)
    assert row["status"] == "ok"
    stored = world.everything()
    for secret in (PASSWORD, base64.b64encode(f"ann:{PASSWORD}".encode()).decode()):
        assert secret not in stored


def test_a_wrong_password_is_one_feeds_failure(world: World) -> None:
    world.environ["LOGIN"] = "ann:wrong-password"
    world.subscribe("/a", protected(answer(rss(item("A"))), "ann", PASSWORD), auth_env="LOGIN")
    world.subscribe("/b", answer(rss(item("B"))))
    rows = world.scan()
    assert column(rows, "status") == ["failed", "ok"]
    assert "HTTP 401" in rows[0]["error"]
    assert "wrong-password" not in world.everything()


def test_a_missing_variable_is_one_feeds_failure_that_names_it(world: World) -> None:
    world.subscribe("/a?auth=${NOT_SET}", answer(rss(item("A"))))
    world.subscribe("/b", answer(rss(item("B"))), auth_env="NOT_SET_EITHER")
    world.subscribe("/c", answer(rss(item("C"))))
    rows = world.scan()
    assert column(rows, "failure") == ["missing_secret", "missing_secret", None]
    assert "NOT_SET" in rows[0]["error"]
    assert "NOT_SET_EITHER" in rows[1]["error"]
    assert world.paths == ["/c"]


def test_credentials_follow_no_redirect_to_another_host(world: World) -> None:
    world.environ["LOGIN"] = f"ann:{PASSWORD}"
    elsewhere = world.host.url("/elsewhere", host="localhost")
    world.subscribe(
        "/feed",
        redirect(elsewhere, 301),
        auth_env="LOGIN",
        private_hosts=(world.host.host, f"localhost:{world.host.port}"),
    )
    world.host.pages["/elsewhere"] = answer(rss(item("One")))
    (row,) = world.scan()
    assert row["status"] == "ok"
    sent = [request.headers.get("authorization") for request in world.host.requests]
    assert sent[0] is not None
    assert sent[1] is None


def test_what_a_host_echoes_in_its_errors_is_not_stored(world: World) -> None:
    world.environ["MY_TOKEN"] = TOKEN
    page = f"<html><title>No feed for {TOKEN}</title></html>".encode()
    world.subscribe("/a?auth=${MY_TOKEN}", answer(page))
    world.subscribe("/b?auth=${MY_TOKEN}", redirect(f"http://{TOKEN}.example/?x"))
    rows = world.scan()
    assert column(rows, "status") == ["failed", "failed"]
    assert TOKEN not in world.everything()
