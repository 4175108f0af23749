"""Word lists of the extractive engine: data, kept apart from the method."""

import re
from collections.abc import Iterable

CLAIM_CUES = re.compile(
    r"\b(because|therefore|so that|which means|that means|this means|as a result|turns? \w+ into|"
    r"leads? to|causes?|makes?|lets?|forces?|rewards?|depends? on|instead of|rather than|"
    r"more than|less than|faster than|cheaper|larger|never|always|only if|unless|until|while|"
    r"even if|even though|the more|every time|each time|grows?|falls?|rises?|drops?|doubles?|"
    r"halves|saves?|costs?|needs?|since|if|when)\b"
)
POINTING_STARTS = re.compile(
    r"^((and|but|so|or|because|well|yes|yeah) )?"
    r"(that|this|these|those|it|its|they|their|them|he|she|his|her|which|who|such|both|either|"
    r"neither|another|one more|nor|please)\b",
    re.IGNORECASE,
)
"""Sentences that begin by pointing at something said before: meaningless alone."""
CONNECTING_STARTS = re.compile(
    r"^(and|but|so|or|because|there|then|also|here|well|yes|yeah|no|okay|right|exactly|now|"
    r"you know|i mean|of course|not|yet|still|often|maybe|happily)\b",
    re.IGNORECASE,
)
"""Sentences that begin by going on from something said before: weaker alone."""
OPENERS = re.compile(
    r"^((and|but|so(?! (far|much|many|long|called|that|on)\b))\b,? |"
    r"(now|well|yeah|yes|okay|ok|right|oh|actually|basically|anyway|all right|again|also|like|"
    r"finally|however|remember|whatever|you know|i mean|in fact|of course), )+",
    re.IGNORECASE,
)
"""Words that open a spoken sentence and claim nothing; a headline goes without them. Not "I
think": without it an opinion would be told as a fact."""
NO_HEADLINE = re.compile(
    r"^(like|except|speaking|as (long|far|soon|much) as|what|while|oh|just|plus|let|here|same|"
    r"thanks?|outside of|other than|for (example|instance)|(in|at|with|on|for|by|of|from) (this|"
    r"that|these|those|it|them)|(all|some|most|one|none|each|many|any) (of )?(this|that|these|"
    r"those|it|them)|(the )?(next|first|second|third|last|final|other|previous) (one|thing|item|"
    r"topic|up|piece|question|part|section|point|here)|moving on|back (in|to)|the (the|a|an|"
    r"actually)|kind of|sort of|half the|someone|somebody|"
    r"(tell|imagine|remember|think|look|say|show|give|go|check|see|try|take|note|notice|"
    r"consider) |we (covered|talked|discussed|mentioned|had|noted)|every (this|that))\b",
    re.IGNORECASE,
)
"""Starts that lead on from what was said, or lead over to what comes next."""
PRIVATE = re.compile(
    r"^(i['’](m|d|ve|ll)|i (was|am|had|have|did|went|got|want|wanted|remember|wonder|guess|talk|"
    r"talked|saw|heard|read|know|said|just|actually|would (be|love|like)|don['’]t|do|mean|asked|"
    r"feel like)|my (name|wife|husband|friend|favou?rite)|\w+, (i|you|we|do|did|what|how|can))\b",
    re.IGNORECASE,
)
"""Starts of what people tell of themselves or ask each other; "I think" is not one of them."""
TRANSITION = re.compile(
    r"\b(moving on|(first|next|last|second|third|final) (news )?(item|topic|up|question)|"
    r"jump (in|back)|follow up with|(later|earlier|already) in (this|the|our)|"
    r"we (will|['’]ll) (get|come) (back )?to)\b| [–—] ",
    re.IGNORECASE,
)
VERB = re.compile(
    r"\b(is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|should|may|might|"
    r"must|cannot|makes?|takes?|costs?|needs?|gets?|goes|gives?|works?|runs?|means|lets?|says?|"
    r"came|went|got|made|took|gave|found|put|set|became|\w{3,}ed|\w+n['’]t|\w+['’](s|re|ve|ll|d))\b",
    re.IGNORECASE,
)
"""A sign that a headline is a sentence and not a fragment; the list is short, so no proof."""
STUTTER = re.compile(r"\b([a-z']+(?: [a-z']+)?),? \1\b", re.IGNORECASE)
FILLERS = re.compile(
    r"\b(you know|i mean|kind of|sort of|kinda|sorta|gonna|gotta|wanna|um|uh|er|hmm|or whatever|"
    r"and stuff|or something|and things like that|that kind of thing|blah)\b|\blike,|, like\b",
    re.IGNORECASE,
)
ANAPHORA = re.compile(
    r"\b(it|its|it['’]s|they|they['’]re|them|their|he|she|him|her|his|this|these|those|that['’]s|"
    r"each one|such a|so (?=[a-z]+$)|(of|about|for|with|like|to|on|do|did|done) that$|"
    r"there|here|the (same|other|first|second|former|latter))\b",
    re.IGNORECASE,
)
"""Words that often stand for something said before."""
CUT_SHORT = re.compile(
    r"(,? because|, (so|while|which))( [\w'-]+){0,2}$|,? (and|but|or)$", re.IGNORECASE
)
"""A clause that has hardly begun: the speaker, or Whisper, put a full stop too early."""
HOUSEKEEPING = re.compile(
    r"\b(you(['’]re| are| have been) listening|welcome,|(my|our) guest|"
    r"welcome (back )?(to|everyone|everybody|all)|"
    r"joins? (me|us)|thank(s| you)|see you|good ?bye|bye for now|until next time|"
    r"(next|last) (week|time|episode)|(this|today['’]s|the last|an?) (episode|show)\b|subscribe|"
    r"let us |let['’]s (talk|start|begin|move|get|take)|take care|stay curious|"
    r"we(['’]re| are) back|short break|hello|good (morning|evening|afternoon)|how are you|"
    r"glad to be|great to be|nice to|looking forward|in the studio|our listeners|my name is|"
    r"feel free to|(any|your) questions|request speaker|we['’]ve (gathered|got a (great|full))|"
    r"joined us|today,? we|we(['’]re| are) going to (talk|be talking|discuss|cover|look at)|"
    r"(great|good|interesting) (discussion|conversation|question|point)|"
    r"show notes|on episode|follow (us|me|the show|along)|"
    r"(on|via|at) (twitter|mastodon|patreon|discord)|"
    r"live ?stream|in the chat|if you (enjoyed|liked?)|tell (a|one|your) friends?|"
    r"this podcast|one last question|tell (me|us)|told me|i promise|as i said|what do you mean)",
    re.IGNORECASE,
)
INTRODUCTION = re.compile(r"\b(I['’]m|[Tt]his is) [A-Z]\w+ [A-Z]\w+")
HEADLINE_CUTS = re.compile(
    r", because | because |, so that | so that |, so |, while |, which |; | - |: ",
    re.IGNORECASE,
)
CONDITION = re.compile(
    r"\b(if|unless|until|provided|except|as long as|so long as|only (when|where|while))\b",
    re.IGNORECASE,
)
SUBORDINATE_START = re.compile(
    r"^(if|when|whenever|while|unless|until|since|because|as|although|though|once|after|before|"
    r"where|wherever)\b",
    re.IGNORECASE,
)
OPEN_END = re.compile(
    r"\b(only|just|partly|mostly|mainly|largely|simply|precisely|and|or|but|that|"
    r"in part|(if|whether|how)( [\w'-]+){1,2})$",
    re.IGNORECASE,
)
NEGATION = re.compile(r"\b(not|never|no|nobody|nothing|cannot|\w+n['’]t)\b", re.IGNORECASE)
CONTENT_STOP_WORDS = frozenset(
    """
    a about after again against all almost along already also although always among an and another
    any anyone anything are around as asked at away back be because been before being below best
    better between both but by called came can cannot come comes could did do does doing done down
    during each either else enough even ever every everyone everything few find first five for four
    from gave get gets getting give given gives go goes going gone good got had has have having he
    her here hers him his how however i if in instead into is it its itself just keep keeps kept
    know known knows last less let lets like likely little long look lot made make makes making
    many may maybe me mean means might more most much must my need needs never new next no nobody
    none nor not nothing now of off often on once one only onto or other others our out over own
    part people perhaps place put quite rather really said same saw say says second see seem seems
    seen set several shall she should show since so some someone something soon sort still such
    sure take taken takes tell ten than that the their them themselves then there therefore these
    they thing things think third this those though three through time times to together told too
    took toward turn turns twice two under until up upon us use used uses using usually very want
    wants was way ways we week well went were what whatever when where whether which while who
    whole whom whose why will with within without word words work works would year years yes yet
    you your yours today tomorrow yesterday hour hours minute minutes month months days hello guest
    """.split()
)
NUMBERS = frozenset(
    "two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty sixty "
    "seventy eighty ninety hundred thousand million billion percent half third quarter double "
    "twice triple".split()
)
PERSONAL = frozenset(
    "i i'm i've i'd i'll you you're you've you'll we we're we've we'll your our my me".split()
)
ENGLISH = frozenset("the and of to that is it you for are this with have was not be they".split())
MIN_ENGLISH_SHARE = 0.1
"""Of English speech these words are a quarter to a third, of its neighbours' below a twentieth."""
MIN_WORDS_TO_JUDGE = 100
MIN_DIFFERENT_WORDS = 20


def foreign(texts: Iterable[str]) -> str:
    """Why the lists of this file don't fit a transcript, or nothing where they do.

    They know sponsor reads, greetings and loose ends in English only; in another language all
    of these would become insights.
    """
    words = [word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower())]
    if len(words) < MIN_WORDS_TO_JUDGE:
        return ""
    different = len(set(words))
    share = sum(word in ENGLISH for word in words) / len(words)
    if different >= MIN_DIFFERENT_WORDS and share < MIN_ENGLISH_SHARE:
        return "the transcript is not in English, and the extractive engine reads only English"
    return ""
