"""How advertising sounds: the cues, as data, apart from the method that uses them.

What does not belong here: names of shows or of sponsors, and what a cue leads to
(`advertising.py`).
"""

import re
from collections.abc import Iterable

SHOW = r"(?:show|podcast|episode|newsletter|channel)"
OUR = r"(?:this|the|our|my|today's|tonight's|this week's)"
OUR_SHOW = rf"{OUR} (?:\w+ )?{SHOW}"
WARES = r"(?:courses?|trainings?|workshops?|webinars?|merch|t-?shirts?|masterclass|bootcamp)"
LETTER = r"(?:newsletter|mailing list|email list)"
DOMAIN = r"(?:[\w-]{1,40}\.|\bdot )(?:com|org|net|fm|io|dev|co|app|tv|me|ai|example)\b"
CODE = r"(?-i:[A-Z][A-Z0-9]{2,})"
SOCIAL = (
    r"(?:twitter|x|mastodon|bluesky|instagram|facebook|linkedin|youtube|tiktok|twitch|discord|"
    r"slack|telegram|reddit|threads)"
)
THANKS = (
    r"\b(?:want|like) to (?:\w+ )?(?:say )?(?:thank you to|thanks to|thank) (?-i:[A-Z])"
    r"(?!.{0,80}\bfor (?:joining|coming|being|having)\b)"
)
LATER = r"\b(?:more|talk|hear) (?:to say )?about (?:that|them|it) (?:later|in a (?:bit|moment))\b"
ASK = r"(?:^|[.,;:!?-] ?|(?<!\bcan )\b(?:and|or|so|just|even|then|please|also|now|today) )"
"""Before a verb that asks the listener: "you can just go to" and "we went to" ask nobody."""

SPONSOR_CUES: tuple[tuple[float, str], ...] = (
    (
        1.0,
        rf"\b{OUR} (?:\w+ )?(?:{SHOW}|program|programme|series)\b(?:(?!\bwas\b).){{0,40}}"
        r"\bbrought to you (?:in part )?by\b",
    ),
    (
        1.0,
        rf"\b{OUR_SHOW}\b(?:(?!\b(?:was|were|be)\b).){{0,40}}"
        r"\b(?:made possible|sponsored|supported) (?:in part )?by\b",
    ),
    (1.0, rf"\b(?:this|today's) {SHOW} was (?:made possible|sponsored|brought to you) by\b"),
    (1.0, r"^\W*(?:\w+\W+){0,2}(?:brought to you|made possible) by\b"),
    (1.0, rf"\bsupport for {OUR_SHOW}\b|\b{SHOW} is presented by\b"),
    (1.0, rf"\bsupport for {OUR} (?:\w+ )?(?:program|programme|series) comes from\b"),
    (1.0, rf"\b(?:sponsoring|supporting|(?:sponsor|supporter)s? of) {OUR_SHOW}\b"),
    (
        1.0,
        r"\b(?:from|of|to|by|about|thank|thanks|is) (?:our|today's|this (?:week|month|episode)'s) "
        r"(?:\w+ )?sponsors?\b",
    ),
    (0.6, r"\b(?:our|today's|this (?:week|month|episode)'s) sponsor\b"),
    (1.0, r"\bthe following message (?:is|comes?) from\b"),
    (0.6, r"\bright back after (?:this|these|a (?:quick|short) (?:break|message|word))\b"),
    (0.6, r"^(?-i:[A-Z]\w+)(?: (?-i:[A-Z]\w+)){0,4} is (?:presented|brought to you) by\b"),
)
"""Sentences that thank or name a sponsor: the name in them is the sponsor's. In the past tense and
of other shows they are history: "the show was sponsored by a soap maker"."""
OFFER_CUES: tuple[tuple[float, str], ...] = (
    (1.0, rf"\b(?:promo|offer|coupon|discount|referral) code {CODE}"),
    (1.0, rf"\b(?:use|using|enter|with) (?:the |our |my )?code {CODE}"),
    (0.6, r"\b(?:use|enter) (?:the |our |my )?(?:promo|offer|coupon|discount|referral) code\b"),
    (0.6, r"\b(?:code|enter|use|save)\b.{0,60}\bat checkout\b"),
    (0.8, r"(?:\bpercent|\d ?%) off\b(?! (?:its|their|his|her|from|the (?:peak|high|top)))"),
    (0.8, r"\b(?:your|start|get|try|with)\b.{0,30}\bfree trial\b|\bmoney[- ]back guarantee\b"),
    (0.8, r"\$ ?\d+ off (?:your|the|any|or)\b"),
    (0.4, r"\$ ?\d+ (?:in )?credits?\b|\bdollars in credits?\b"),
    (0.8, r"\bdot (?:com|org|net|fm|io|example) slash\b"),
    (0.8, r"\b(?!git(?:hub|lab)\b)\w+\.(?:com|org|net|fm|io|co|dev|app)(?:/| slash )[a-z]\w+"),
    (
        0.6,
        rf"{ASK}(?:sign up|head (?:on )?over|go|visit|find (?:it|them|us)|check (?:it|them|us|me) "
        rf"out|try (?:it|them)|learn more|get started)\b.{{0,60}}?{DOMAIN}",
    ),
    (0.6, r"\bfirst (?:month|box|order|purchase)(?: is|'s)? (?:free|on (?:us|them))\b"),
    (0.6, r"\boff (?:your|the) first (?:month|box|order|purchase)\b|\bcancel any ?time\b"),
    (0.4, r"\b(?:try|apply|start|sign up|download)\b.{0,20}\bfor free\b"),
    (0.4, r"\bsponsors?\b|\bdiscount(?:ed)?\b|\bpromo\b|\blisteners? of (?:this|the) show\b"),
    (0.3, r"\bfree shipping\b|\blimited time\b|\bno commitment\b|\bterms apply\b"),
    (0.3, r"\bget started\b|\bfor new (?:users|customers)\b|\bcheck them out\b"),
    (0.3, LATER),
    (0.2, r"\bbefore we (?:begin|start|go on|move on|jump into|dive into|get (?:in|on)?to)\b"),
    (0.3, THANKS),
    (0.4, r"\bthey support us\b"),
    (0.3, r"\bhappy customer\b|\bcan (?:definitely |highly )?recommend (?:it|them)\b"),
)
OWN_CUES: tuple[tuple[float, str], ...] = (
    (0.6, r"\b(?:our|my|your) patreon\b|\bpatreon (?:supporters?|members?|page)\b"),
    (0.6, r"\b(?:become a (?:member|patron|supporter)|support (?:us|me|the show)) on patreon\b"),
    (0.6, r"\bbecome a (?:patron|paid subscriber|supporter of (?:the|this|our) show)\b"),
    (0.4, r"\bour (?:patrons|paid subscribers)\b"),
    (0.6, rf"\b(?:sponsor|advertise (?:on|with)) (?:us|{OUR_SHOW})\b"),
    (0.5, r"\b(?:your|my) company\b.{0,40}\b(?:get the word out|reach our|to sponsor)\b"),
    (0.5, rf"{ASK}check out\b.{{0,40}}\b{WARES}\b"),
    (
        0.5,
        rf"(?<!\bin )\b(?:our|my|own) (?:\w+ ){{0,2}}(?:{WARES}|book)\b.{{0,60}}\b(?:available|"
        r"order it|out now|on sale|get it|sign up|buy it|grab)\b",
    ),
    (
        0.5,
        rf"\b(?:we|i) (?:just |also |now |'ve )*(?:have|released|launched|offer|are running|"
        rf"are selling)\b.{{0,30}}\b{WARES}\b.{{0,20}}\b(?:over at|available|called|on sale)\b",
    ),
    (0.5, rf"\b(?:buy|order|pre-?order|grab)\b.{{0,20}}\b(?:our|my) (?:\w+ )?(?:{WARES}|book)\b"),
    (0.3, rf"\b(?:our|my|your) (?:\w+ ){{0,2}}{WARES}\b|\bhours of {WARES}\b"),
    (0.4, r"\b(?:check out|get|order|buy) (?:our|my|your) (?:new )?book\b"),
    (0.3, rf"\b(?:take|taking) (?:our|my|one of the|some) {WARES}\b"),
    (0.3, rf"\b(?:book|{WARES}) (?:that )?(?:i|we) (?:just )?(?:released|made|launched)\b"),
    (0.3, r"\brunning a (?:\w+ )?(?:deal|sale|special)\b|\bbundle (?:deal|running|price)\b"),
    (0.5, r"\bworth of\b.{0,40}\bfor (?:only |just )?\d+ (?:bucks|dollars)\b"),
    (0.5, r"\bbonus (?:episodes|content)\b.{0,60}\b(?:member|subscrib|patron|support)"),
    (0.5, r"\b(?:use|through|with) (?:our|my) (?:affiliate |referral )?link\b"),
    (0.5, r"\btickets are (?:still |now )?(?:on sale|available)\b|\btickets up for sale\b"),
    (0.5, r"\bat our booth\b"),
    (0.4, r"\bwe(?:'re| are) (?:also |always )?hiring\b"),
    (0.3, r"\bwe(?:'re| are) looking for (?:\w+ ){0,2}(?:developers|engineers|sponsors)\b"),
    (0.2, r"\bapply (?:at|on)\b|\bcareers (?:page|site)\b|\bopen (?:roles|positions)\b"),
    (0.5, r"\b(?:email|send) (?:me|us) your (?:portfolio|resume|cv)\b"),
    (0.3, r"\b(?:i|we) (?:also )?have some availability\b|\bhelp (?:with )?(?:your|our) team\b"),
    (0.6, r"\b(?:e-?mail|write to|reach out to|contact) (?:me|us)\b.{0,60}\w@\w"),
    (0.5, rf"\b(?:our|my) website\b.{{0,60}}{DOMAIN}"),
    (0.3, rf"\b(?:enjoy|rest of) {OUR} (?:{SHOW}|program)\b"),
)
CALL_CUES: tuple[tuple[float, str], ...] = (
    (0.6, r"\b(?:leave|give|write) (?:us|me) a (?:\w+ )?(?:review|rating)\b|\brate and review\b"),
    (0.6, r"\bfive[- ]stars?\b.{0,60}\breview"),
    (0.6, rf"{ASK}subscribe to (?:us|{OUR_SHOW})\b"),
    (
        0.6,
        rf"{ASK}subscribe (?:\w+ ){{0,3}}(?:wherever|in your|on {SOCIAL}|on (?:apple|spotify))\b",
    ),
    (0.6, r"\blike and subscribe\b|\b(?:forget|sure|free) to (?:also )?subscribe\b"),
    (0.6, rf"\bfollow (?:us|me|{OUR_SHOW}) (?:\w+ ){{0,2}}(?:on|at)\b"),
    (
        0.5,
        r"\b(?:connect with|find|reach) (?:all of )?(?:us|me)\b.{0,20}\b(?:on|at) (?:the )?"
        rf"{SOCIAL}\b",
    ),
    (0.5, rf"\bi'm (?:\w+ )?on {SOCIAL} (?:\w+ ){{0,2}}(?:as|at)\b|\bfind (?:me|us) online\b"),
    (0.5, r"\b(?:can|could|to) listen to me on\b"),
    (0.6, rf"\b(?:sharing|share) {OUR_SHOW}\b.{{0,30}}\bwith\b|\bgrow(?:ing)? {OUR_SHOW}\b"),
    (0.6, rf"\btell (?:a friend|your friends) about (?:us|{OUR_SHOW})\b"),
    (0.3, r"\bshare (?:it|a link)\b.{0,20}\bwith (?:them|your|a|friends|someone)\b"),
    (0.6, rf"\bshow notes (?:over )?at\b.{{0,30}}{DOMAIN}"),
    (0.6, rf"\bjoin (?:us on|our|the) (?:\w+ ){{0,2}}(?:discord|slack|{LETTER}|live ?stream)\b"),
    (0.6, r"\bjoin us for (?:the|our) live\b|\bwatch (?:us|our|the) live\b"),
    (0.6, rf"\b(?:sign up (?:for|to)|join) (?:our|my) (?:\w+ )?{LETTER}\b"),
    (0.4, rf"\bclick on (?:the )?{LETTER}\b"),
    (0.5, rf"\b(?:our|my) (?:\w+ )?{LETTER}\b.{{0,20}}\bgives? you\b|\bput in your email\b"),
    (0.5, r"\bbe (?:a )?part of the live (?:show|episode|recording)\b"),
    (0.5, rf"\bif you have (?:a|an|any) (?:\w+ )?(?:item|story|suggestion)s?\b.{{0,60}}{DOMAIN}"),
    (0.3, r"\bthanks? (?:you )?(?:all |everyone |so much )?for listening\b|\bshow notes at\b"),
    (0.3, r"\bon behalf of (?:myself|all of us)\b|\bour next episode\b"),
)


def compiled(cues: Iterable[tuple[float, str]]) -> tuple[tuple[float, re.Pattern[str]], ...]:
    """Cues that are not particular about capitals, unless they say so themselves."""
    return tuple((weight, re.compile(cue, re.IGNORECASE)) for weight, cue in cues)


SPONSOR = compiled(SPONSOR_CUES)
OTHERS = compiled((*OFFER_CUES, *OWN_CUES, *CALL_CUES))
ADVERTISED = re.compile(
    r"\b(?:[Bb]y|[Tt]hanks? (?:you )?to|[Tt]hank|[Ff]rom|[Ss]ponsor(?: this \w+)?(?: is|,)) "
    r"([A-Z][\w'-]*(?:,? (?:for |and |of )?[A-Z][\w'-]*){0,6})"
    r"|\b([A-Z][\w'-]*(?: [A-Z][\w'-]*){0,3}) (?:is|are|for) (?:sponsoring|supporting)\b"
)
"""The name after "brought to you by", "thank you to" and the like."""
INTRODUCTION = re.compile(
    r"\b(?:tell (?:you|people|everyone)|talk|a word|a message|hear)\b.{0,30}\b(?:about|from)\b"
    r"|\bspeaking of\b",
    re.IGNORECASE,
)
WANTS_TO_THANK = re.compile(THANKS, re.IGNORECASE)
PUTS_OFF = re.compile(LATER, re.IGNORECASE)
BY_US = re.compile(r"\b(?:brought to you|sponsored|made possible) by us\b", re.IGNORECASE)
OWN_WARES = frozenset("book books course courses training patreon merch newsletter podcast".split())
NO_NAMES = frozenset("the and for our your all this that everyone everybody you him her".split())
