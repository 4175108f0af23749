"""The sentence under a digest's date: what there is, and why there is no more.

What does not belong here: the rest of the digest (`render.py`).
"""

from podcast_insights.digests.model import Considered, Digest

COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def lead(digest: Digest) -> str:
    """One or two sentences; a thin digest says that it is thin, and where the rest went."""
    count = len(digest.entries)
    if count == 0:
        return nothing(digest.considered)
    if count < digest.wanted:
        return thin(count, digest.considered)
    noun = "insight" if count == 1 else "insights"
    shows = len({entry.show_title for entry in digest.entries})
    source = f"{in_words(shows)} {'show' if shows == 1 else 'shows'}"
    return f"{in_words(count).capitalize()} {noun} from {source}, with the words behind each."


def thin(count: int, considered: Considered | None) -> str:
    """What is said above fewer insights than the reader asked for."""
    noun, verb = ("insight", "was") if count == 1 else ("insights", "were")
    said = f"Only {in_words(count)} {noun} {verb} worth your time today"
    left = left_out(considered) if considered else []
    if considered is None:
        return f"{said}: the episodes held no more that were new to you and backed by a quote."
    if not left:
        return f"{said}: the latest episodes held no more."
    return f"{said}. Of {in_words(considered.insights)} in the latest episodes, {listed(left)}."


def nothing(considered: Considered | None) -> str:
    """What is said in place of insights."""
    if considered is None:
        return "There was nothing new worth telling you today; enjoy the quiet."
    if considered.insights == 0:
        return (
            "There was nothing to tell today: no insight was found in the latest episodes, or "
            "there were no new ones. Enjoy the quiet."
        )
    if considered.told_before == considered.insights:
        why = "you have read here before what the latest episodes say"
    elif considered.low_value == considered.insights:
        why = "the latest episodes held nothing good enough"
    else:
        left = listed(left_out(considered))
        why = f"of {in_words(considered.insights)} insights in the latest episodes, {left}"
    return f"There was nothing new worth telling you today: {why}. Enjoy the quiet."


def left_out(considered: Considered) -> list[str]:
    """What became of the rest, in words: one clause for each reason that there is."""
    clauses = (
        (considered.told_before, ("you had been told before", "you had been told before")),
        (
            considered.same_idea + considered.adds_too_little,
            ("was more of the same", "were more of the same"),
        ),
        (considered.low_value, ("was too slight", "were too slight")),
    )
    return [f"{in_words(count)} {phrase[count > 1]}" for count, phrase in clauses if count > 0]


def listed(clauses: list[str]) -> str:
    """Clauses as a sentence has them: a, b and c."""
    return " and ".join([", ".join(clauses[:-1]), clauses[-1]] if clauses[1:] else clauses)


def in_words(number: int) -> str:
    """A small number as a word."""
    return COUNTS[number] if number < len(COUNTS) else str(number)
