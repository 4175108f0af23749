"""What was mailed is never mailed again, and what was not got is not taken for told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import numpy as np
import pytest

from podcast_insights.digests.compose import Composer
from podcast_insights.digests.delivery import deliver
from podcast_insights.digests.lead import lead
from podcast_insights.digests.mail import MailError
from podcast_insights.digests.memory import MEMORY_DAYS, Memory
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.records import DAILY_DIGESTS, DIGEST_SELECTIONS
from podcast_insights_tests.digests import DAY, reader
from podcast_insights_tests.digests.world import World, days_of, ids


class Post:
    """Takes mails, or refuses them."""

    sender = "Podcast Insights <digest@example.org>"

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.is_open = True

    def send(self, message: EmailMessage) -> None:
        if not self.is_open:
            raise MailError("the server is down", is_certain=True)
        body = message.get_body(("plain",))
        assert body is not None
        self.mails.append(body.get_content())


@pytest.fixture
def post() -> Post:
    return Post()


def run(world: World, people: Sequence[Reader], first: int = 0) -> list[str]:
    """A day's digests of some readers, stored."""
    world.store()
    days = days_of(first)
    composed = Composer(world.warehouse, world.embedder, 3).compose(people, days)
    for table, rows in ((DIGEST_SELECTIONS, composed.selections), (DAILY_DIGESTS, composed.places)):
        world.warehouse.replace_window(table.name, days, table.frame(rows))
    return ids(composed.places)


def mail(world: World, post: Post, first: int = 0) -> list[tuple[str, str]]:
    """Mail Ada's digest of a day, as stored."""
    digests = [(digest, reader()) for _, digest in world.digests(first)]
    now = datetime(2025, 9, 20, tzinfo=UTC)
    return [
        (result.outcome, result.reason)
        for result in deliver(world.warehouse, post, digests, lambda: now)
    ]


# Days that are run out of order


def test_what_the_next_day_has_mailed_is_not_mailed_again(world: World, post: Post) -> None:
    """A late item of a day goes into the next day's mail; then the day itself is run again."""
    assert world.run(0) == []
    world.tell("late", 0)
    assert ids(world.run(1)) == ["late"]
    assert mail(world, post, 1) == [("sent", "")]
    assert world.run(0) == []
    assert mail(world, post, 0) == [("skipped", "nothing to tell")]
    assert len(post.mails) == 1


def test_neither_is_the_same_idea_of_another_show(world: World) -> None:
    world.tell("told", 0, days=1)
    world.run(1)
    world.deliver("sent", "told", days=1)
    world.tell("twin", 0)
    world.tell("other", 1)
    composed = world.composed(0)
    assert ids(composed.places) == ["other"]
    assert composed.selections[0]["told_before"] == 1


def test_a_block_of_days_knows_what_its_later_days_have_mailed(world: World) -> None:
    world.tell("late", 0)
    world.run(1)
    world.deliver("sending", "late", days=1)
    rows = world.composed(0, 2).places
    assert [(row["digest_on"], row["insight_id"]) for row in rows] == [
        (DAY + timedelta(days=1), "late")
    ]


def test_the_ledger_is_remembered_even_where_the_digest_is_lost(world: World) -> None:
    world.tell("a", 0)
    world.run(0)
    world.deliver("sent", "a")
    with world.warehouse.transaction() as connection:
        connection.execute("DELETE FROM daily_digests")
    assert world.compose(1) == []


@pytest.mark.parametrize(("days", "is_given"), [(MEMORY_DAYS, False), (MEMORY_DAYS + 1, True)])
def test_mails_of_later_days_count_for_as_long_as_those_before(
    world: World, days: int, is_given: bool
) -> None:
    world.tell("twin", 0, days=days)
    world.run(days)
    world.deliver("sent", "twin", days=days)
    world.tell("a", 0)
    assert bool(world.compose(0)) is is_given


def test_what_is_composed_of_a_later_day_and_not_mailed_changes_nothing(world: World) -> None:
    world.tell("a", 0)
    world.run(1)
    assert ids(world.run(0)) == ["a"]


# Mails that failed


@pytest.mark.parametrize(
    ("status", "is_given"), [("failed", True), ("sent", False), ("sending", False), (None, False)]
)
def test_what_a_failed_mail_held_is_given_again(
    world: World, status: str | None, is_given: bool
) -> None:
    world.tell("a", 0)
    world.run(0)
    if status:
        world.deliver(status, "a")
    assert ids(world.compose(1)) == (["a"] if is_given else [])
    together = world.compose(0, 1)
    assert [row["digest_on"] for row in together] == [
        DAY + timedelta(days=day) for day in range(1 + is_given)
    ]


def test_a_failed_mail_that_is_tried_again_leaves_out_what_came_meanwhile(
    world: World, post: Post
) -> None:
    for axis, name in enumerate(("a", "b")):
        world.tell(name, axis, value_score=0.9 - axis / 10)
    world.run(0)
    post.is_open = False
    assert mail(world, post) == [("failed", "the server is down")]
    post.is_open = True
    assert ids(world.run(1, insights=1)) == ["a"]
    assert mail(world, post, 1) == [("sent", "")]
    assert mail(world, post) == [("sent", "")]
    first, second = post.mails
    assert ("Headline of a" in first, "Headline of b" in first) == (True, False)
    assert ("Headline of a" in second, "Headline of b" in second) == (False, True)
    sent = world.warehouse.read("SELECT insight_ids FROM deliveries ORDER BY digest_on")
    assert sent["insight_ids"].to_list() == [["b"], ["a"]]


def test_a_mail_of_which_nothing_is_left_is_not_sent(world: World, post: Post) -> None:
    world.tell("a", 0)
    world.run(0)
    world.run(1)
    world.deliver("sent", "a", days=1)
    assert mail(world, post) == [("skipped", "other digests have brought all of it")]
    assert post.mails == []


# Readers who come and go


def test_a_reader_who_is_away_for_a_run_loses_nothing_that_was_sent(world: World) -> None:
    world.tell("a", 0)
    assert run(world, [reader(), reader("eve")]) == ["a", "a"]
    world.deliver("sent", "a")
    before = world.warehouse.read("FROM daily_digests WHERE reader_id = 'ada'")
    chosen = world.warehouse.read("FROM digest_selections WHERE reader_id = 'ada'")
    run(world, [reader("bob")])
    kept = world.warehouse.read("FROM daily_digests ORDER BY reader_id")
    assert kept["reader_id"].to_list() == ["ada", "bob"]  # Eve's was never sent
    assert kept.filter(reader_id="ada").equals(before)
    found = world.warehouse.read("FROM digest_selections WHERE reader_id = 'ada'")
    assert found.equals(chosen)
    assert run(world, [reader()], 1) == []


def test_a_digest_says_how_many_were_wanted_when_it_was_chosen(world: World) -> None:
    for number in range(5):
        world.tell(f"i{number}", number)
    world.run(0, insights=5)
    ((_, digest),) = world.digests(0, insights=10)
    assert digest.wanted == 5
    assert lead(digest).startswith("Five insights from five shows")


# In memory


def test_what_many_readers_got_is_held_once(world: World) -> None:
    world.tell("a", 0)
    people = [reader(f"r{number}") for number in range(40)]
    run(world, people)
    memory = Memory.load(world.warehouse, world.embedder, people, days_of(1), 3)
    seen = [memory.seen(person.id, DAY + timedelta(days=1)) for person in people]
    assert {len(rows) for rows, _ in seen} == {1}
    assert len({id(rows[0]) for rows, _ in seen}) == 1
    assert len(memory.vectors) == 1
    assert isinstance(memory.vectors["a"], np.ndarray)
    assert all(vectors.dtype == np.float32 for _, vectors in seen)
