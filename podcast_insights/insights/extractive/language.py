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
CARRYING_ON = re.compile(
    r"^(therefore|otherwise|in (result|particular|other words|that case|turn)|instead|similarly|"
    r"likewise|hence|thus|meanwhile|additionally|furthermore|besides|ultimately|previously|"
    r"by (that|this|then)|the (previous|next|following|same))\b",
    re.IGNORECASE,
)
OPENERS = re.compile(
    r"^((and|but|so(?! (far|much|many|long|called|that|on)\b))\b,? |"
    r"(actually|basically|obviously|yeah),? |(now|well|yes|okay|ok|right|oh|anyways?|all right|"
    r"again|also|like|"
    r"finally|next(?: \w+)?|lastly|however|remember|whatever|you know|i mean|in fact|"
    r"of course), )+",
    re.IGNORECASE,
)
"""Words that open a spoken sentence and claim nothing; a headline goes without them. Not "I
think": without it an opinion would be told as a fact."""
NO_HEADLINE = re.compile(
    r"^(like|especially|whereas|as you|in a world|except|speaking|as (long|far|soon|much) as|"
    r"what|while|oh|just|plus|let|here|same|"
    r"thanks?|outside of|other than|for (example|instance)|(in|at|with|on|for|by|of|from) (this|"
    r"that|these|those|it|them)|(all|some|most|one|none|each|many|any) (of )?(this|that|these|"
    r"those|it|them)|(the )?(next|first|second|third|last|final|other|previous) (one|thing|item|"
    r"topic|up|piece|question|part|section|point|here)|one thing|one of the (things|reasons|"
    r"clues|points|questions)|first(ly)?|a (couple|little|few|"
    r"bit)|next|yet another|(one|two|another|others?) (is|are|was)|moving on|back (in|to)|"
    r"the (the|a|an|actually)|kind of|sort of|half the|someone|somebody|"
    r"(tell|imagine|remember|think|look|say|show|give|go|check|see|try|take|note|notice|"
    r"consider) |we (covered|talked|discussed|mentioned|had|noted)|every (this|that))\b",
    re.IGNORECASE,
)
"""Starts that lead on from what was said, or lead over to what comes next."""
PRIVATE = re.compile(
    r"^((i|we)['’](m|re|d|ve|ll)|(i|we) (\w+ly )?(was|were|am|had|did|went|got|want|wanted|"
    r"remember|wonder|"
    r"guess|talk|talked|saw|heard|read|know|said|just|actually|would (be|love|like)|don['’]t|do|"
    r"mean|asked|feel like|would|thought|loved?|also|wound|tried|\w{3,}ed)|i think (we|i|"
    r"you)\b.*|i have|"
    r"my (name|wife|husband|friend|favou?rite)|\w+, (i|you|we|do|did|what|how|can))\b",
    re.IGNORECASE,
)
"""Starts of what people tell of themselves or ask each other; "I think" is not one of them."""
TRANSITION = re.compile(
    r"\b(moving on|(first|next|last|second|third|final) (news )?(item|topic|up|question)|"
    r"jump (in|back)|follow up with|(later|earlier|already) in (this|the|our)|"
    r"we (will|['’]ll) (get|come) (back )?to)\b| [–—] ",
    re.IGNORECASE,
)
LEADS_OVER = re.compile(
    r"\b((first|next|last|second|third|final|other) (\w+ )?(piece|bit|segment|section|item|topic|"
    r"up|question|one (up|is|was|here|i)|\w+ (is|was|we (have|had)|i (have|had|want)))|moving on|"
    r"number \w+ (on|is)|(wrap|wrapping) up|(side|quick) (comment|note))\b",
    re.IGNORECASE,
)
"""Goes on to something new: the end of an excerpt, and no beginning of one."""
VERB = re.compile(
    r"\b(is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|should|may|might|"
    r"must|cannot|makes?|takes?|costs?|needs?|gets?|goes|gives?|works?|runs?|means|lets?|says?|"
    r"came|went|got|made|took|gave|found|put|set|became|"
    r"adds?|fix(es)?|extends?|describes?|allows?|supports?|uses?|helps?|shows?|comes?|keeps?|"
    r"provides?|wants?|looks?|calls?|changes?|turns?|brings?|starts?|becomes?|tells?|\w{3,}ed|"
    r"\w+n['’]t|\w+['’](s|re|ve|ll|d))\b",
    re.IGNORECASE,
)
"""A sign that a headline is a sentence and not a fragment; the list is short, so no proof."""
STUTTER = re.compile(r"\b([a-z']{1,30}(?: [a-z']{1,30})?),? \1\b", re.IGNORECASE)
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
_MODAL = "can|could|will|would|should|may|might|must"
BARE_DEFINITE = re.compile(
    r"^(?:(?:[Tt]he|[Tt]hese|[Tt]hose) (?:\w+ly )?[a-z]+ (?:[a-z]+ )?(?:is|are|was|were|has|have|"
    r"had|does|did|"
    rf"do|{_MODAL}|seems?|gets?|got|comes?|came|goes|went|makes?|made|adds?|allows?|lets?|gives?|"
    r"gave|means|says?|said|takes?|took|uses?|[a-z]{3,}ed)|[Tt]he (?:example|thing|one|question|"
    r"point|guy|person|way (?:we|i|they|he|she|you)(?:['’]re)?|reason (?:i|we|that)))\b"
)
"""About "the change" or "the guy" as if a reader knew which one."""
DEMONSTRATIVE = re.compile(
    rf"\b(?:think|thought|say|believe|guess|know|hope|mean|feel|so|then|and|but|if|because|when),? "
    rf"that(?:['’]s| is| was| has| does| makes| means| (?:{_MODAL})\b)|"
    r"\b[a-z]+ (?:that|this)[,.;!]|\bhow \w+ (?:that|this) (?:is|was)\b|"
    r"\b(?:do|does|did|doing|done) (?:this|that|it|so)\b|\bhere\b|"
    r"\b(?:these|those) (?:are|were|have|had|would|will|can)\b|"
    r"\b(?:the|these|those) (?:two|three|four|five|\d) (?!most)[a-z]+|"
    r"\ban? (?:\w+ )?one (?:is|was|seems)\b|"
    r"\b(?:with|in|on|at|of|for|from|by|about|to|read|see) (?:that|this) (?!is |was |year|week|"
    r"month|morning|time|way|country|century|point)[a-z]+",
    re.IGNORECASE,
)
"""Words that stand for something said before: "that overlap", "those three", "do it"."""
GOES_ON = re.compile(
    r"\b(also|as well|too[.!]?$|another|else|again|the (same|other|latter|former)|"
    r"second(ly)?,|third(ly)?,|more (recently|importantly))",
    re.IGNORECASE,
)
"""Said after something else of the kind."""
ADDRESSED = re.compile(
    r"^[A-Z][a-z]+, (?:I|you|we|do|did|what|how|can|could|would|maybe|please|are|is|go|have|as)\b|"
    r"\b[a-z]\w*, [A-Z][a-z]{2,}[.!]$|"
    r"\b[Yy]ou (?:just )?(?:said|mentioned|asked|were saying|were talking|guys)\b|"
    r"\b(?:as|like|what|and|with) (?:you|he|she|they|[A-Z]\w+)(?:['’]re| are| were|['’]ve|"
    r" just)? (?:say|said|saying|mentioned|describing|described|point(?:ed)? out)\b|"
    r"\b[Yy]our (?:point|question|article|talk|book|tweet|example)\b|"
    r"\b(?:I|we) (?:totally |completely |absolutely )?(?:agree|disagree)\b|"
    r"\bdo you (?:remember|know|think|want|have)\b|\byou (?:remember|might have to)\b",
)
"""Talk between people in the room."""
OUTSIDE = re.compile(
    r"\b((url|link|page|article) here|look at the|in the audience|on stage|on (the|this|my|your|"
    r"that) (page|screen|slide|left|right)|as you can see|you(['’]ll| can|"
    r"['’]re going to)? see (here|that here|this)|(we['’]re|we|i['’]ll|we['’]ll|i) (put|link|"
    r"linked|"
    r"linking|share|drop|post)\b.{0,20}\b(link|to)|over here|right here|in (this|the) (picture|"
    r"screenshot|chart|graph)|screenshots?|(pull|pulled|pulling|bring) (it|this|that) up|"
    r"(out|over|check) (of )?here|what i have here|have here|(we|i) (talked|spoke|covered|"
    r"discussed) "
    r"(about|it|that|this)|as (we|i) (said|mentioned|discussed))\b",
    re.IGNORECASE,
)
"""Stands on something a reader can't see: a screen, a link, an earlier talk."""
PROFANE = re.compile(r"\b(\w*fuck\w*|\w*shit\w*|goddamn\w*|assholes?|bitch\w*)\b", re.IGNORECASE)
"""Not for everybody's morning mail."""
UNFINISHED = re.compile(
    r"\b(the|an?|and|or|but|because|i|it['’]s|that['’]s|we['’]re|i['’]m|they['’]re|my|your|our|"
    r"their|very|than|of|if|which|yeah|um|uh)[.!…]+[\"'”’)\]]*$|(\.\.\.|…|[-–—]+[.!]?)$|"
    r"--|\s-\s+[A-Z]|\w\W* (?-i:[A-Z][a-z]+(?: \(\w+\))?: [A-Z])|^(oh|sorry|wait|hey|hang on|"
    r"let me)\b",
    re.IGNORECASE,
)
QUESTION_STARTS = re.compile(
    r"^(did|do|does|is|are|was|were|can|could|would|should|has|don['’]t|doesn['’]t|didn['’]t|"
    r"isn['’]t|aren['’]t|wasn['’]t)\b(?! not\b)",
    re.IGNORECASE,
)
"""Of questions to which captions gave a full stop."""
RESTARTS = re.compile(
    r"\b(the|an?) (i|we|you|they|he|she|it|it['’]s|that['’]s|and|but|so|is|are|was|were|the|an?)\b|"
    r"\b(i|we|they|he|she) (i|we|you|they|he|she|it|it['’]s|that['’]s|the|an?|and)\b|"
    r"\b(the|an?|with|my|our), |[a-z] (?-i:And|But|So|Because|Which|It|That|Then) |\b((should|"
    r"would|could|can|must) (the|an?|i|we)|of to|is and|which is because|to to|"
    r"is that is|be be|and but|but and|so but|of of)\b|\w-,? ",
    re.IGNORECASE,
)
"""Where a speaker broke off and began anew."""
PAUSES = re.compile(
    r"(?:(?<=\s)|^)(?:um+|uh+|uhm|erm|hmm+|mm),?(?=\s)|"
    r",\s+(?:like|sort of|kind of),(?=\s)|,\s+(?:you know|i mean|right)(?=,\s)|"
    r"^(?:you know|i mean),\s",
    re.IGNORECASE,
)
"""What fills the time until the next word comes; it says nothing and can be left out."""
_SMALL = (
    "i|you|we|they|he|she|it|the|a|an|and|but|or|so|to|of|in|on|at|for|with|from|by|if|when|as|"
    "my|our|your|their|its|i['’]m|it['’]s|we['’]re|they['’]re|you['’]re|there['’]s|that['’]s|what|"
    "which|who|how|can|could|would|will|should|just|because|be|have|are|were|do|don['’]t"
)
STUMBLES = re.compile(
    rf"\b((?:{_SMALL})(?: (?:{_SMALL}|is|was|has))?)(?:,? \1)+\b(?!['’&-])", re.IGNORECASE
)
"""A small word, or two, said twice over while looking for the next one."""
HEADING = re.compile(r"^([A-Z]\S*(?: \S+){1,7}) (?=\1(?!\w))")
"""A title that was put before the words of a section, and that these words repeat."""
SPEAKER = re.compile(r"^[A-Z][a-z]+(?: [A-Z][a-z]+)?(?: \(\w+\))?: (?=[A-Z])")
"""Who speaks, written into the text by captions without a field for it."""
PERSONS = re.compile(r"\b(they|them|their|they['’](?:re|ve|d|ll))\b", re.IGNORECASE)
ONE_PERSON = re.compile(r"\b(he|she|his|her|him|he['’]s|she['’]s)\b", re.IGNORECASE)
PRAISE = re.compile(
    r"\b(cool|pretty|really|interesting|awesome|great|nice|amazing|funny?|crazy|weird|neat|super|"
    r"good|right|exactly|agree|absolutely|definitely|totally|true|sure|kind|stuff|guess|love|"
    r"sounds?|feel|believe|happy|excit(ed|ing)|wonderful|fantastic|idea|hard|easy|simple|thank|"
    r"yeah|okay|worth|favou?rite|fair|enough|point|check(ing)?|sorry|mentioned|talking|talk)\b",
    re.IGNORECASE,
)
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
    r"coming up|sponsors?\b|brought to you|walks into a bar|\bjokes?|segments?\b|call for (papers|"
    r"proposals|speakers)|sign up|fill out|in person|tickets|"
    r"check (it|this|that|them) out|out there and|(great|good|interesting) (discussion|"
    r"conversation|question|point)|show notes|on episode|follow (us|me|the show|along)|"
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
    r"in part|is|are|was|were|has|have|(if|whether|how)( [\w'-]+){1,2})$",
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
