"""Which file is an item's audio, and when two addresses are one file."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from podcast_insights.feeds.enclosures import (
    TRACKERS,
    choose,
    enclosure_key,
    ending_of,
    rank_of,
    stable_address,
    uncounted,
)
from podcast_insights.feeds.model import Enclosure
from podcast_insights_tests.effort import assert_no_more_than_linear

E = "https://e.org/"
AUDIO = Enclosure(f"{E}a.mp3", "audio/mpeg")
VIDEO = Enclosure(f"{E}v.mp4", "video/mp4")
TORRENT = Enclosure(f"{E}a.mp3.torrent", "application/x-bittorrent")
PDF = Enclosure(f"{E}notes.pdf", "application/pdf")


def media(url: str, type_: str | None = "audio/mpeg", **fields: Any) -> Enclosure:  # noqa: ANN401
    return Enclosure(url, type_, source="media", **fields)


class TestChoose:
    @pytest.mark.parametrize("others", [[VIDEO], [TORRENT, PDF], [VIDEO, TORRENT, PDF]])
    def test_audio_goes_before_anything_else(self, others: list[Enclosure]) -> None:
        assert choose([*others, AUDIO]).enclosure == AUDIO
        assert choose([AUDIO, *others]).enclosure == AUDIO

    def test_video_is_heard_where_there_is_no_audio(self) -> None:
        for video in (VIDEO, Enclosure(f"{E}v.m4v"), Enclosure(f"{E}v", "video/quicktime")):
            assert choose([PDF, video]).enclosure == video

    def test_what_may_be_audio_goes_before_video(self) -> None:
        unknown = Enclosure(f"{E}play.php?id=1")
        assert choose([VIDEO, unknown]).enclosure == unknown

    @pytest.mark.parametrize(
        ("url", "type_"),
        [
            ("play.php?id=1", None),
            ("play.php?id=1", "application/octet-stream"),
            ("play.php?id=1", "binary/octet-stream"),
            ("play.php?id=1", "application/force-download"),
            ("a.MP3?x=1#t=5", None),
            ("a.mp3", "text/html"),
            ("a.mp3", "nonsense"),
            ("a.mp3", "application/octet-stream"),
            ("play.php?id=1", "mp3"),
            ("a.opus", None),
            ("a.m4b", "application/mp4"),
            ("a.mp4", "audio/mp4"),
            ("play.php?id=1", "audio/*"),
            ("", "audio/mpeg"),
        ],
    )
    def test_a_type_or_an_ending_is_enough(self, url: str, type_: str | None) -> None:
        given_ = Enclosure(E + url, type_)
        assert choose([given_]).enclosure == given_

    @pytest.mark.parametrize(
        ("enclosure", "problem"),
        [
            (PDF, "application/pdf is neither audio nor video"),
            (
                Enclosure(f"{E}a.torrent", "application/octet-stream"),
                ".torrent is neither audio nor video",
            ),
            (
                Enclosure(f"{E}get?id=1", "application/x-bittorrent"),
                "application/x-bittorrent is neither audio nor video",
            ),
            (Enclosure(f"{E}cover.jpg"), ".jpg is neither audio nor video"),
            (Enclosure(f"{E}cover.jpg", "audio/mpeg"), ".jpg is neither audio nor video"),
            (
                Enclosure(f"{E}live", "audio/x-mpegurl"),
                "audio/x-mpegurl is neither audio nor video",
            ),
            (Enclosure(f"{E}live.m3u8", "audio/mpegurl"), ".m3u8 is neither audio nor video"),
            (Enclosure(f"{E}live.pls", "audio/x-scpls"), ".pls is neither audio nor video"),
            (media(f"{E}thumbnail", None), "an unknown type is neither audio nor video"),
            (Enclosure("ftp://e.org/a.mp3", "audio/mpeg"), "a ftp: address"),
            (Enclosure("magnet:?xt=urn:btih:abc", "audio/mpeg"), "a magnet: address"),
            (Enclosure("ipfs://Qm/a.mp3", "audio/mpeg"), "a ipfs: address"),
            (Enclosure("data:audio/mpeg;base64,AAAA", "audio/mpeg"), "a data: address"),
            (Enclosure("file:///etc/passwd", "audio/mpeg"), "a file: address"),
            (Enclosure("/a.mp3", "audio/mpeg"), "no http(s) address"),
            (Enclosure("https:///a.mp3", "audio/mpeg"), "no http(s) address"),
            (Enclosure("https://[::1/a.mp3", "audio/mpeg"), "no http(s) address"),
            (Enclosure("https://e.org:99999/a.mp3", "audio/mpeg"), "no http(s) address"),
        ],
    )
    def test_what_cannot_be_heard_is_refused_with_the_reason(
        self, enclosure: Enclosure, problem: str
    ) -> None:
        found = choose([enclosure])
        assert (found.enclosure, found.problem) == (None, problem)

    def test_reasons_are_few_and_said_once(self) -> None:
        found = choose([PDF, PDF, TORRENT, *[Enclosure(f"x{n}:a") for n in range(400)]])
        assert found.problem is not None
        assert found.problem.count("pdf") == 1
        assert len(found.problem) < 300

    def test_a_reason_does_not_give_the_address_away(self) -> None:
        for url in ("ftp://user:secret@e.org/a.mp3?secret", f"{E}secret/a.pdf?secret"):
            assert "secret" not in (choose([Enclosure(url)]).problem or "")

    def test_nothing_listed_is_no_problem_to_tell_of(self) -> None:
        assert choose([]).problem is None

    def test_the_enclosure_goes_before_media_rss_and_alternates(self) -> None:
        alternate = Enclosure(f"{E}a.opus", "audio/opus", source="alternate", is_default=True)
        assert choose([alternate, media(f"{E}b.mp3", is_default=True), AUDIO]).enclosure == AUDIO
        assert choose([VIDEO, alternate]).enclosure == alternate

    def test_the_feeds_default_goes_first_among_equals_then_its_order(self) -> None:
        one, two = media(f"{E}1.mp3"), media(f"{E}2.mp3", is_default=True)
        assert choose([one, two]).enclosure == two
        assert choose([one, media(f"{E}3.mp3")]).enclosure == one
        assert choose([media(f"{E}v.mp4", "video/mp4", is_default=True), one]).enclosure == one

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=60), st.none() | st.text(max_size=30))
    def test_nothing_raises(self, url: str, type_: str | None) -> None:
        for text in (url, f"https://e.org/{url}", f"https://{url}/a.mp3"):
            found = choose([Enclosure(text, type_)])
            assert (found.enclosure is None) == (found.problem is not None)


def is_one_file(*urls: str) -> bool:
    return len({enclosure_key(url) for url in urls}) == 1


class TestStableAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "http://cdn.example.org/show/1.mp3",
            "https://CDN.Example.ORG/show/1.mp3",
            "https://www.cdn.example.org/show/1.mp3",
            "https://cdn.example.org./show/1.mp3",
            "https://cdn.example.org:443/show/1.mp3",
            "https://user:secret@cdn.example.org/show/1.mp3",
            " https://cdn.example.org//show/1.mp3#t=30 ",
            "https://cdn.example.org/%73how/1.mp3",
            "https://cdn.example.org/show/1.mp3?utm_source=rss&utm_campaign=x",
            "https://cdn.example.org/show/1.mp3?token=abc&access_token=d&token-time=1&token_hash=2",
            "https://cdn.example.org/show/1.mp3?Expires=1&Signature=abc&Key-Pair-Id=K&Policy=p",
            "https://cdn.example.org/show/1.mp3?X-Amz-Signature=a&X-Amz-Date=b&X-Amz-Expires=1",
            "https://cdn.example.org/show/1.mp3?AWSAccessKeyId=a&Expires=1&Signature=x%2Fy",
            "https://cdn.example.org/show/1.mp3?GoogleAccessId=a&Expires=1&Signature=x",
            "https://cdn.example.org/show/1.mp3?PHPSESSID=abc&cb=123&_=456",
            "https://cdn.example.org/show/1.mp3?dest-id=2422538&aw_0_1st.playerid=x",
            "https://op3.dev/e/cdn.example.org/show/1.mp3",
            "https://op3.dev/e,pg=1a2b-3c/https://cdn.example.org/show/1.mp3",
            "https://www.podtrac.com/pts/redirect.mp3/pdst.fm/e/chrt.fm/track/9DD8D/pscrb.fm/rss/p/"
            "mgln.ai/e/94/claritaspod.com/measure/p.podderapp.com/2544644999/"
            "cdn.example.org/show/1.mp3?token=1",
            "https://dts.podtrac.com/redirect.m4a/http://cdn.example.org/show/1.mp3",
            "http://www.podtrac.com/pts/redirect.mp3?http://www.cdn.example.org/show/1.mp3",
            "https://pdst.fm/e/cdn.example.org%2Fshow%2F1.mp3",
            "https://chtbl.com/track/12345/https%3A//cdn.example.org/show/1.mp3",
            "https://growx.podkite.com/https/1234ASDF/cdn.example.org/show/1.mp3",
            "https://media.blubrry.com/some_show/cdn.example.org/show/1.mp3",
        ],
    )
    def test_tokens_counters_and_spelling_make_no_difference(self, url: str) -> None:
        assert stable_address(url) == "cdn.example.org/show/1.mp3"

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("play.php?id=1", "play.php?id=2"),
            ("play.php?id=1&token=a", "play.php?id=2&token=a"),
            ("play.php?token=a", "play.php?token=b"),
            ("download?token=a", "download?token=b"),
            ("?session_id=1", "?session_id=2"),
            ("a.mp3", "A.mp3"),
            ("a.mp3", "b.mp3"),
            ("show:1/a.mp3", "show:2/a.mp3"),
            ("%E8.mp3", "%E9.mp3"),
            ("p?x=%E8", "p?x=%E9"),
            ("p?a=1&a=2", "p?a=1"),
            ("p?" + "&" * 150 + "id=1", "p?" + "&" * 150 + "id=2"),
        ],
    )
    def test_two_files_stay_two(self, one: str, two: str) -> None:
        assert not is_one_file(E + one, E + two)

    @pytest.mark.parametrize(
        "name",
        "key user t ts time hash source src uuid uid sid id episode file f v author signal session "
        "username userid download dl ref from date timestamp authorid expo tokens? significant "
        "policyholder cbx randomizer updated exp1 sessions".split(),
    )
    def test_a_parameter_that_may_name_the_episode_stays(self, name: str) -> None:
        assert not is_one_file(f"{E}stream.mp3?{name}=1", f"{E}stream.mp3?{name}=2")

    def test_the_order_of_parameters_makes_no_difference(self) -> None:
        assert is_one_file(f"{E}p?id=1&feed=2", f"{E}p?feed=2&id=1&utm_medium=x")
        assert is_one_file(f"{E}p?q=a+b", f"{E}p?q=a%20b")

    def test_hosts_and_ports_stay_apart(self) -> None:
        urls = [f"https://{host}/a.mp3" for host in ("a.org", "b.org", "a.org:8080", "x.a.org")]
        assert len(set(map(stable_address, urls))) == 4

    def test_an_international_host_in_both_spellings_is_one(self) -> None:
        assert is_one_file("https://münchen.example/1.mp3", "https://xn--mnchen-3ya.example/1.mp3")
        assert is_one_file(
            "https://op3.dev/e/xn--mnchen-3ya.xn--p1ai/1.mp3",
            "https://xn--mnchen-3ya.xn--p1ai/1.mp3",
        )

    def test_a_counter_with_nothing_behind_it_is_an_address_like_another(self) -> None:
        for url in ("https://op3.dev/", "https://op3.dev/e/a.mp3", "https://chtbl.com/track/x"):
            assert uncounted(url) == url

    def test_a_host_in_the_path_of_any_other_host_is_a_path(self) -> None:
        url = "https://archive.example/web/cdn.example.org/1.mp3"
        assert stable_address(url) == "archive.example/web/cdn.example.org/1.mp3"

    def test_each_counter_is_a_host_in_its_plainest_spelling(self) -> None:
        for host in TRACKERS:
            assert is_one_file(
                f"https://{host}/e/cdn.example.org/1.mp3", "http://cdn.example.org/1.mp3"
            )

    def test_the_key_never_changes_from_one_release_to_the_next(self) -> None:
        # Cached audio and ids of items without GUID hang on it.
        assert enclosure_key("https://cdn.example.org/one.mp3") == "0bec032f5b08f291"

    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=80))
    def test_nothing_raises_and_a_counter_in_front_changes_nothing(self, text: str) -> None:
        for url in (text, f"https://e.org/{text}", f"https://{text}/a.mp3", f"{E}a.mp3?{text}"):
            assert len(enclosure_key(url)) == 16

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(st.sampled_from(sorted(TRACKERS)), max_size=6),
        st.sampled_from(["", "?id=1", "?token=x", "?id=1&token=x"]),
        st.from_regex(r"[A-Za-z0-9%_-]{0,8}", fullmatch=True),
    )
    def test_counters_in_any_number_change_nothing(
        self, counters: list[str], query: str, name: str
    ) -> None:
        plain = f"https://cdn.example.org/shows/{name}/1.mp3{query}"
        counted = plain
        for counter in counters:
            counted = f"https://{counter}/e/{counted.removeprefix('https://')}"
        assert stable_address(counted) == stable_address(plain)

    @pytest.mark.parametrize(
        ("start", "unit", "end"),
        [
            ("https://op3.dev/e/", "a", "!/x.mp3"),
            ("https://op3.dev/e/", "a-", "/x.mp3"),
            ("https://op3.dev/e/", "a.", "/x.mp3"),
            ("https://op3.dev/", "a.b/", "x.mp3"),
            ("https://op3.dev/", "op3.dev/", "x.mp3"),
            ("https://", "ü", ".example/x.mp3"),
            ("https://", "ü.", "example/x.mp3"),
            ("https://", "a.", "/x.mp3"),
            (f"{E}x.mp3?", "a=1&", ""),
            (f"{E}x.mp3?", "token_", "=1"),
            (f"{E}x.mp3?", "_", "=1"),
            (E, "%", ""),
            (E, "%E8", ""),
            (E, "/", ""),
            (E, ".", ""),
            ("https://", "[", ""),
        ],
    )
    def test_an_address_of_a_megabyte_takes_no_longer_than_its_length(
        self, start: str, unit: str, end: str
    ) -> None:
        def read(url: str) -> None:
            assert enclosure_key(url)
            choose([Enclosure(url)])

        assert_no_more_than_linear(
            read, lambda size: start + unit * (size // len(unit)) + end, 1_000_000
        )

    @pytest.mark.parametrize(
        "url",
        [
            f"https://{'ü.' * 100}example/x.mp3",
            "\ud800https://\ud800/\udfff?\udfff=\udfff",
            f"{E}a.mp3?x=\ud800",
        ],
        ids=["labels", "surrogates", "a surrogate"],
    )
    def test_an_address_that_cannot_be_one_has_a_key_too(self, url: str) -> None:
        assert enclosure_key(url)
        assert choose([Enclosure(url)])


@pytest.mark.parametrize(
    ("url", "ending"),
    [
        (f"{E}a.MP3?x.pdf#y.zip", "mp3"),
        (f"{E}a.mp3 ", "mp3"),
        (f"{E}a", ""),
        ("https://example.zip", ""),
        ("https://example.zip/", ""),
        (f"{E}v1.2/a", ""),
        ("a.mp3", ""),
        ("", ""),
    ],
)
def test_the_ending_is_the_files_not_the_hosts(url: str, ending: str) -> None:
    assert ending_of(url) == ending


def test_a_host_that_ends_like_an_archive_is_no_archive() -> None:
    assert rank_of(Enclosure("https://example.zip", "audio/mpeg")) == 0
