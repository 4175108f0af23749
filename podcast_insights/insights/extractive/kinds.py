"""What kind of insight a text is, by its wording: for the engine that has no model to ask.

The rules are asked in the order of what a reader must not be misled about, and the first that
holds decides:

1. prediction: the headline speaks of the future. Before opinion, since "I think prices will
   fall" is a forecast, and it can turn out wrong.
2. advice: the headline says what to do. Before opinion: "I'd recommend" is first of all a
   recommendation. Conditions ("should the price fall") and what somebody was advised in the past
   are none.
3. opinion: the headline is a judgement in the first person ("I think", "in my view"). Before
   explanation: an opinion with a reason is still an opinion.
4. explanation: says how or why.
5. fact: what is left.

A prediction or an opinion has to be told as somebody's (`proof/attribution.py`). Where no word
says whose it is, the rule is passed over: the words were said as a fact, and are shown as one.

What does not belong here: languages other than English, which this engine does not read.
"""

import re

from podcast_insights.insights.proof.attribution import has_attribution

FUTURE = re.compile(
    r"\b(?:(?-i:will)|won['’]t|shall|(?:is|are|['’]re|['’]s) (?:not )?(?:going to|gonna) (?:be|"
    r"become|happen|get|see|have|change|replace|need|grow|fall|rise|take)|by 20[2-9]\d|"
    r"in the (?:future|(?:next|coming) (?:\w+ )?(?:weeks?|months?|years?|decades?)))\b|"
    r"\b(?:i|we|they|you|it|he|she|that|there)['’]ll\b",
    re.IGNORECASE,
)
CERTAIN = re.compile(
    r"\b(?:if|when|whenever|every time|each time|once|as soon as|unless|until)\b|"
    r"\b(?:will|['’]ll) (?:always|often|usually|sometimes|then|only|automatically|basically)\b",
    re.IGNORECASE,
)
"""A "will" that tells how something works, not what is to come."""
CLAIM_OF_FUTURE = re.compile(
    r"\b(?:i|we) (?:\w+ )?(?:think|expect|believe|predict|bet|guess|hope|fear|suspect|imagine)\b|"
    r"\b(?:probably|likely|eventually|someday|one day|soon|by 20[2-9]\d|in the future|"
    r"next (?:year|decade)|(?:coming|next) (?:\w+ )?(?:months|years|decades)|never again)\b",
    re.IGNORECASE,
)
ADVICE = re.compile(
    r"\b(?:you|we|they|people|everyone|teams?|companies|users|developers|one) (?:really |probably |"
    r"also |always |never |just )?(?:should(?:n['’]t)?|ought to|had better|need to|have to|must|"
    r"(?:don['’]t|do not) want to)(?! have\b)\b|"
    r"\b(?:i|we)(?:['’]d| would|['’]ll)? (?:\w+ )?(?:recommend|advise|suggest|encourage|urge)\b|"
    r"\b(?:make sure|be sure to|be careful|(?:my|our) (?:advice|recommendation|tip)|"
    r"it['’]s (?:best|better|wise) to|the (?:best|right) (?:way|thing) to)\b|"
    r"^(?:never|always|don['’]t|do not|avoid|start|stop|use|try|keep|remember to|consider) \w+",
    re.IGNORECASE,
)
ATTITUDE = re.compile(
    r"\bi thought|\b(?:i|we) (?:\w+ ){0,2}(?:think|believe|feel|felt|find|found it|guess|suspect|"
    r"doubt|prefer|love|loved|like|liked|hate|hated|hope|wish|worry|argue|disagree|agree|consider|"
    r"would (?:say|argue))\b|\bi['’](?:m|d) (?:\w+ )?(?:convinced|sure|skeptical|sceptical|say|"
    r"argue|afraid|worried|a (?:big|huge) (?:fan|believer))\b|"
    r"\b(?:in my (?:opinion|view|experience|mind)|(?:to|for) me,|my (?:view|sense|feeling|guess|"
    r"take|hunch|favou?rite))\b",
    re.IGNORECASE,
)
EXPLANATION = re.compile(
    r"\b(?:because|since (?:the|it|they|we|you)|so that|which means|that means|this means|means "
    r"that|therefore|hence|thus|as a result|the reason|(?:that|this|which) is (?:why|how)|"
    r"that['’]s "
    r"(?:why|how)|due to|thanks to|leads? to|causes?|caused by|results? in|in order to|"
    r"so (?:the|it|they|we|you|that|when|if)|allow(?:s|ing)?|enabl(?:es|ing)|lets|how (?:the|it|"
    r"to)|works? by|by \w+ing|if .{1,200}, (?:then|it|you|the|we))\b",
    re.IGNORECASE,
)


def kind_of(headline: str, body: str) -> str:
    """One of `records.KINDS`, by the rules above."""
    whole = f"{headline}. {body}"
    is_somebodys = has_attribution(whole, "en")
    if is_somebodys and is_prediction(headline):
        return "prediction"
    if ADVICE.search(headline):
        return "advice"
    if is_somebodys and ATTITUDE.search(headline):
        return "opinion"
    if EXPLANATION.search(whole):
        return "explanation"
    return "fact"


def is_prediction(headline: str) -> bool:
    """Whether it is about what will come: not "if you press it, it will stop"."""
    if not FUTURE.search(headline):
        return False
    return bool(CLAIM_OF_FUTURE.search(headline)) or not CERTAIN.search(headline)
