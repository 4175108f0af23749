"""Words that turn a claim round: negations, and opposites by axis of meaning. Data, no method."""

from collections.abc import Mapping

NEGATIONS = frozenset(
    """
    not no never nobody nothing none neither nor without cannot hardly barely rarely seldom
    isn't aren't wasn't weren't don't doesn't didn't won't wouldn't can't couldn't shouldn't
    hasn't haven't hadn't
    """.split()
)
FUNCTION_WORDS = frozenset(
    """
    a an the to of in on at by for from with as and or but if that this these those it its is are
    was were be been being has have had do does did will would can could should may might must
    longer yet even just only so very really much any all your you we our they their he she his
    her i my there then than up out
    """.split()
)
"""Words that may stand between a negation and what it denies."""
IRREGULAR = dict(
    pair.split(":")
    for pair in """
    brought:bring made:make kept:keep found:find fell:fall rose:rise grew:grow paid:pay took:take
    gave:give got:get went:go said:say saw:see became:become lost:lose won:win held:hold led:lead
    left:leave built:build sold:sell bought:buy began:begin broke:break drove:drive came:come
    """.split()
)
"""Past forms that an ending does not give away."""
QUALIFIERS = {
    word: side
    for pair in """
    high:low big:small large:small long:short early:late young:old rich:poor hot:cold old:new
    higher:lower bigger:smaller longer:shorter cheap:expensive strong:weak
    """.split()
    for side, word in ((-1, pair.split(":")[1]), (1, pair.split(":")[0]))
}
"""Opposites that count only before the same noun: high rates, low rates."""
LESS = frozenset("less fewer lower smaller worse slower cheaper shorter weaker".split())
"""Comparisons in which the first named is the lesser."""
FRACTIONS = {
    "half": 50.0,
    "third": 100 / 3,
    "thirds": 100 / 3,
    "quarter": 25.0,
    "quarters": 25.0,
    "fifth": 20.0,
    "fifths": 20.0,
    "tenth": 10.0,
    "tenths": 10.0,
}
NUMBER_WORDS = {
    word: float(number)
    for number, word in enumerate(
        """
        zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty
        """.split()
    )
} | {
    word: 10.0 * number
    for number, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
}
MULTIPLIERS = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
UNITS = {
    **dict.fromkeys(("percent", "%"), ("percent", 1.0)),
    **dict.fromkeys(("minute", "minutes"), ("time", 1 / 1440)),
    **dict.fromkeys(("hour", "hours"), ("time", 1 / 24)),
    **dict.fromkeys(("day", "days", "nights"), ("time", 1.0)),
    **dict.fromkeys(("week", "weeks"), ("time", 7.0)),
    **dict.fromkeys(("month", "months"), ("time", 30.0)),
    **dict.fromkeys(("year", "years"), ("time", 365.0)),
}
"""What is counted, and how much of it in percent or days."""
AXES = (
    (
        """rise rises rising rose risen raise raises raised raising grow grows growing grew grown
        growth increase increases increased increasing climb climbs climbed climbing soar soars
        soared surge surges surged higher more bigger larger longer gain gains gained double
        doubles doubled triple tripled boost boosts boosted lengthen lengthens expand expands
        expanded lift lifts lifted warm warms""",
        """fall falls falling fell fallen drop drops dropped dropping decline declines declined
        declining decrease decreases decreased decreasing shrink shrinks shrank shrinking lower
        lowers lowered less fewer smaller shorter lose loses losing lost loss cut cuts cutting
        halve halves halved reduce reduces reduced reducing shorten shortens plunge plunges
        plunged slump slumps slumped slash slashes slashed cool cools down rarer""",
    ),
    (
        """help helps helped helping improve improves improved improving benefit benefits better
        protect protects protected protecting heal heals safe safer healthy healthier strengthen
        strengthens stronger useful effective""",
        """harm harms harmed harming hurt hurts hurting worsen worsens worsened damage damages
        damaged damaging worse threaten threatens dangerous unsafe unhealthy weaken weakens weaker
        useless ineffective ruin ruins destroy destroys backfire backfires cost costs""",
    ),
    (
        "fast faster fastest quick quicker quickly accelerate accelerates sooner early earlier",
        "slow slower slowest slows slowed slowly delay delays delayed late later",
    ),
    (
        "cheap cheaper cheapest inexpensive affordable",
        "expensive dear dearer costly costlier pricier unaffordable",
    ),
    (
        "win wins won winning succeed succeeds succeeded success",
        "lose loses losing fail fails failed failing failure",
    ),
    ("easy easier simple simpler", "hard harder difficult complicated complex"),
    (
        """allow allows allowed permit permits permitted legal legalize legalizes approve approves
        approved""",
        """ban bans banned forbid forbids prohibit prohibits prohibited illegal outlaw outlaws
        block blocks blocked reject rejects rejected""",
    ),
    (
        "begin begins start starts started open opens opened launch launches launched",
        "end ends ended stop stops stopped close closes closed cancel cancels cancelled",
    ),
    ("overestimate overestimates overrated", "underestimate underestimates underrated"),
    ("buy buys bought buying", "sell sells sold selling"),
    ("routine common frequent everywhere", "rare rarer rarest uncommon infrequent"),
    (
        "level unchanged steady stable constant flat",
        """lowers raises destroys doubles halves falls rises drops grows shrinks""",
    ),
)
"""One side and the other of each axis. A word means what it says most of the time; where it does
not, two tellings stay two, which costs a reader less than a contradiction that is hidden."""

SIDES: Mapping[str, tuple[tuple[int, int], ...]] = {
    word: tuple(
        (axis, side)
        for axis, words in enumerate(AXES)
        for side, text in ((1, words[0]), (-1, words[1]))
        if word in text.split()
    )
    for words in AXES
    for text in words
    for word in text.split()
}
"""For each word the axes it lies on, with its side."""
