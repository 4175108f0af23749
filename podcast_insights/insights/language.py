"""Word lists of the extractive engine: data, kept apart from the method."""

import re

CLAIM_CUES = re.compile(
    r"\b(because|therefore|so that|which means|that means|this means|as a result|turns? \w+ into|"
    r"leads? to|causes?|makes?|lets?|forces?|rewards?|depends? on|instead of|rather than|"
    r"more than|less than|faster than|cheaper|larger|never|always|only if|unless|until|while|"
    r"even if|even though|the more|every time|each time|grows?|falls?|rises?|drops?|doubles?|"
    r"halves|saves?|costs?|needs?|since|if|when)\b"
)
DANGLING_STARTS = re.compile(
    r"^(and|but|so|or|because|that|this|these|those|it|it's|its|they|they're|their|them|he|she|"
    r"his|her|there|then|also|which|who|here|such|both|either|neither|another|well|yes|yeah|no|"
    r"okay|right|exactly|now|you know|i mean|of course|not|nor|yet|still|often|maybe|please)\b",
    re.IGNORECASE,
)
HOUSEKEEPING = re.compile(
    r"\b(you('re| are| have been) listening|welcome (back )?to|welcome,|(my|our) guest|"
    r"joins? (me|us)|thank(s| you)|see you|good ?bye|bye for now|until next time|"
    r"(next|last) (week|time|episode)|(this|today's|the last|an?) (episode|show)\b|subscribe|"
    r"let us |let's (talk|start|begin|move|get|take)|take care|stay curious|"
    r"we('re| are) back|short break|hello|good (morning|evening|afternoon)|how are you|"
    r"glad to be|great to be|nice to|looking forward|in the studio|our listeners|my name is|"
    r"this podcast|one last question|tell (me|us)|told me|i promise|as i said|what do you mean)",
    re.IGNORECASE,
)
HEADLINE_CUTS = re.compile(
    r", because | because |, so that | so that |, so |, while |, which |; |, but | - |: ",
    re.IGNORECASE,
)
NEGATION = re.compile(r"\b(not|never|no|nobody|nothing|cannot|\w+n't)\b", re.IGNORECASE)
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
