"""What was said in one episode, and every kind of lie a model could tell of it.

Written down by hand and independent of the proof, so that the proof is not judged by itself.
"""

from dataclasses import replace

from hypothesis import strategies as st

from podcast_insights.embeddings.passages import to_passages
from podcast_insights.insights.engine import Candidate, EpisodeText, Passage
from podcast_insights.insights.extract import to_passage
from podcast_insights.insights.records import KINDS
from podcast_insights.transcripts.records import Segment

SENTENCES = (
    "An idle machine costs almost as much as a busy one, because the price is paid once.",
    "I don't think that switching it off at night saves any money in the end.",
    "They said that the cheap chips would last for ten years, but they did not.",
    "At thirty percent use, each hour of a GPU costs 3.5 times as much as it should.",
    "This episode is brought to you by Larkspur, the mattress that keeps you cool.",
    "Use the code LEDGER at Larkspur and save twenty percent on your first order.",
    "Alex Moreno sent the e-mail to NASA in 1998, and GPT-4 wrote 1 5 of the lines.",
    "So the lesson is that whoever owns the machine should keep it busy, or rent it out.",
)
ADVERTISING = (4, 5)
SECONDS = 10.0
TEXT = " ".join(SENTENCES)
ELSEWHERE = "Water flows downhill because gravity pulls it, and pumps lift it again at night."
"""What was said in another episode, and is in nothing here."""


def segments() -> tuple[Segment, ...]:
    """The sentences cut where no sentence ends, as Whisper does, ten seconds for each."""
    found = []
    for number, sentence in enumerate(SENTENCES):
        words = sentence.split()
        start, half = number * SECONDS, len(words) // 2
        speaker = "Ann" if number < 6 else "Bob"
        middle = start + SECONDS / 2
        found.append(Segment(start, middle, " ".join(words[:half]), speaker))
        found.append(Segment(middle, start + SECONDS, " ".join(words[half:]), speaker))
    return tuple(found)


def passages() -> tuple[Passage, ...]:
    return tuple(
        to_passage(
            vars(passage)
            | {
                "is_advertising": any(
                    passage.sentence_from <= ad < passage.sentence_to for ad in ADVERTISING
                )
            },
            (),
        )
        for passage in to_passages(segments())
    )


EPISODE = EpisodeText(
    episode_id="episode",
    show_title="Compute Ledger",
    title="What idleness costs",
    description="A talk about machines.",
    persons=("Zadie Okafor",),
    language="en",
    segments=segments(),
    passages=passages(),
)
HONEST = Candidate(
    headline="An idle machine costs almost as much as a busy one",
    body="The price is paid once, so that each hour of a machine that is idle costs as much as "
    "one in which it works; whoever owns it should keep it busy.",
    quote="An idle machine costs almost as much as a busy one",
    value_score=0.7,
    topics=("machines",),
    entities=(),
)
MADE_UP = (
    "Einstein", "Musk", "OpenAI", "Iran", "GPT-5", "H100", "Boeing", "Google's", "Zadia", "ESA",
    "31", "3.6", "35", "15", "1999", "forty", "12%", "two million", "$7bn", "twenty-first",
    "Ann Moreno", "Alex Okafor", "Zadie Moreno", "Bob Okafor", "Larkspur",
)  # fmt: skip
"""Names and numbers that nobody said, some glued from what was, one only said in a sponsor read."""
FORBIDDEN = (
    "https://evil.example", "www.evil.example", "<script>alert(1)</script>", "<img src=x>",
    "[free](evil)",
    "evil.example/free", "a@evil.example", "mailto:evil", "evil.com",
    "\u202edesrever", "be\u200bll", "\x00", "\x1b[31m", "\ud800", "\ue000",
)  # fmt: skip


WORDS = TEXT.replace(",", "").split()
said = st.sampled_from(SENTENCES)
run = st.builds(
    lambda first, size: " ".join(TEXT.split()[first : first + size]),
    st.integers(0, len(WORDS) - 6),
    st.integers(5, 40),
)


@st.composite
def altered(draw: st.DrawFn) -> str:
    """Something that was said, with a letter, a word or a mark of it changed."""
    text = draw(st.one_of(said, run))
    at = draw(st.integers(0, max(len(text) - 1, 0)))
    change = draw(
        st.sampled_from(["letter", "tail", "half", "word", "drop", "swap", "glue", "case", "apart"])
    )
    words = text.split()
    number = at % max(len(words), 1)
    if change == "letter":
        return text[:at] + draw(st.sampled_from("aez35 '-é.")) + text[at + 1 :]
    if change == "half":
        return text[1:].replace(" ", "", 1)
    if change == "tail":
        return text.rstrip(".,")[:-1] + draw(st.sampled_from("zs1"))
    if change == "word":
        return " ".join([*words[:number], draw(st.sampled_from(["not", "never", "Einstein", "31"])),
                         *words[number + 1 :]])  # fmt: skip
    if change == "drop":
        return " ".join([*words[:number], *words[number + 1 :]])
    if change == "swap":
        return " ".join([*words[number:], *words[:number]])
    if change == "glue":
        return text.replace(" ", "", draw(st.integers(1, 3)))
    return f" {text.upper()} " if change == "case" else "  ".join(text)


HEADLINES = (
    HONEST.headline,
    "Alex Moreno sent NASA an e-mail in 1998",
    "GPUs at 30 percent use cost 3.5 times as much, says Zadie Okafor",
    "I think that rent is cheap",
)
joined = st.builds(lambda a, b: f"{a} {b}", run, run)
babble = st.lists(
    st.sampled_from([*WORDS, *MADE_UP, *FORBIDDEN, "not", "", "I", "said.", "says", "percent"]),
    max_size=40,
).map(" ".join)
nonsense = st.sampled_from(
    ["", " ", "...", "x" * 10**6, "\x00" * 50, "a " * 10**5, ELSEWHERE, "今日は" * 30, "1 " * 60]
) | st.text(max_size=80)
near = st.sampled_from(
    [
        "and GPT-4 wrote 15 of the lines",
        "the email to NASA in 1998, and GPT 4 wrote 15",
        "a GPU costs 35 times as much",
        "sent the e-mail to NASA in 19 98",
        "I do think that switching it off at night",
    ]
)
"""Lies that are one space, one mark or one word away from what was said."""
quotes = st.one_of(run, said, altered(), altered(), near, joined, babble, nonsense)
prose = st.one_of(
    st.builds(
        lambda lie, at: " ".join([*HONEST.body.split()[:at], lie, *HONEST.body.split()[at:]]),
        st.sampled_from([*MADE_UP, *FORBIDDEN]) | altered() | st.sampled_from(WORDS),
        st.integers(0, 30),
    ),
    run,
    babble,
    nonsense,
)
labels = st.lists(babble | nonsense | st.just("machines"), max_size=3).map(tuple) | st.just(
    ("topic",) * 5_000
)


LIES: dict[str, st.SearchStrategy] = {
    "headline": prose,
    "body": prose,
    "quote": quotes,
    "value_score": st.floats(),
    "topics": labels,
    "kind": st.sampled_from([*KINDS, "", "revelation", "\ud800", "x" * 10**5]),
    "entities": labels,
}


@st.composite
def candidates_of_a_liar(draw: st.DrawFn) -> Candidate:
    """Honest but for one well-made lie, or for one or two fields that are anything at all."""
    honest = replace(HONEST, quote=draw(run), headline=draw(st.sampled_from(HEADLINES)))
    kind = draw(st.sampled_from(["quote", "name", "harm", "fields"]))
    if kind == "quote":
        return replace(honest, quote=draw(near | altered()))
    if kind == "fields":
        fields = draw(st.sets(st.sampled_from(sorted(LIES)), max_size=2))
        return replace(honest, **{name: draw(LIES[name]) for name in sorted(fields)})
    lie = draw(st.sampled_from(MADE_UP if kind == "name" else FORBIDDEN))
    field = draw(st.sampled_from(["headline", "body", "topics", "entities"]))
    if field in ("topics", "entities"):
        return replace(honest, **{field: ("machines", lie)})
    words = getattr(honest, field).split()
    at = draw(st.integers(0, len(words)))
    return replace(honest, **{field: " ".join([*words[:at], lie, *words[at:]])})


liar = st.lists(candidates_of_a_liar(), max_size=6)
