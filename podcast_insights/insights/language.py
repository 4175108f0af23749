"""Word lists of the extractive engine: data, kept apart from the method."""

import re

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
FIRST_PERSON = re.compile(r"\b(I|I'm|I've|I'd|I'll|my|me|mine)\b")
CUT_SHORT = re.compile(
    r"(,? because|, (so|while|which))( [\w'-]+){0,2}$|,? (and|but|or)$", re.IGNORECASE
)
"""A clause that has hardly begun: the speaker, or Whisper, put a full stop too early."""
HOUSEKEEPING = re.compile(
    r"\b(you(['’]re| are| have been) listening|welcome (back )?to|welcome,|(my|our) guest|"
    r"joins? (me|us)|thank(s| you)|see you|good ?bye|bye for now|until next time|"
    r"(next|last) (week|time|episode)|(this|today['’]s|the last|an?) (episode|show)\b|subscribe|"
    r"let us |let['’]s (talk|start|begin|move|get|take)|take care|stay curious|"
    r"we(['’]re| are) back|short break|hello|good (morning|evening|afternoon)|how are you|"
    r"glad to be|great to be|nice to|looking forward|in the studio|our listeners|my name is|"
    r"if you (enjoyed|liked?)|tell (a|one|your) friends?|"
    r"this podcast|one last question|tell (me|us)|told me|i promise|as i said|what do you mean)",
    re.IGNORECASE,
)
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
    r"\b(only|just|partly|mostly|mainly|largely|simply|precisely|and|or|but|that)$", re.IGNORECASE
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
