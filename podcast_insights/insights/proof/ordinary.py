"""Which words are no names, though a capital stands at their beginning.

Three sources, all of them English: function words and what tends to open sentences, by hand; the
frequent lemmas of English in `ordinary_words.txt` (the lemmas of lemminflect that are frequent in
pyspellchecker's list, less those that are also known names, and some newer words of technology);
and endings that only ordinary words have.

What does not belong here: what is claimed and founded (`names.py`).
"""

from functools import cache
from pathlib import Path

FUNCTION_WORDS = frozenset(
    """
    a an the this that these those my your his her its our their whose which what whatever such
    i you he she it we they me him us them who whom someone somebody something anyone anybody
    anything everyone everybody everything nobody nothing none one ones oneself
    myself yourself himself herself itself ourselves themselves mine yours hers ours theirs
    and or but nor so yet for because since although though while whereas if unless until when
    whenever where wherever whoever whomever whether after before as than once that lest provided
    granted admittedly
    in on at by with without within from to into onto upon of off over under above below between
    among amid across along around about against during despite despite except beyond behind beside
    besides beneath near inside outside through throughout toward towards via per past like unlike
    versus regarding concerning considering given following including excluding based thanks due
    all any both each either every few fewer less least little many more most much neither no
    several some enough half double twice other others another same plenty lots
    zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred hundreds thousand thousands million millions billion billions trillion trillions dozen
    dozens first second third fourth fifth sixth seventh eighth ninth tenth last next
    am is are was were be been being have has had having do does did doing done can could will would
    shall should may might must ought ca wo sha ai ain let lets
    not never always often sometimes usually rarely seldom frequently occasionally generally
    typically normally mostly mainly largely partly nearly almost about roughly approximately only
    just even still already again also too very quite rather really simply merely perhaps maybe
    probably possibly certainly clearly obviously apparently actually basically essentially
    eventually finally initially originally recently currently now then soon later earlier today
    tomorrow yesterday tonight ago afterwards meanwhile instead otherwise therefore thus hence
    consequently accordingly however nevertheless nonetheless moreover furthermore additionally
    overall ultimately indeed surely here there everywhere somewhere anywhere nowhere home abroad
    online together apart alone away back forward how why yes no ok okay well oh please
    cheaper faster slower bigger larger smaller higher lower greater better worse longer shorter
    older newer younger richer poorer stronger weaker easier harder deeper wider closer further
    farther best worst biggest largest smallest highest lowest greatest fastest slowest cheapest
    oldest newest latest earliest strongest simplest easiest hardest
    people person man men woman women child children experts critics research researchers evidence
    data history experience studies analysts investors economists scientists engineers developers
    users customers companies firms businesses startups governments regulators banks workers
    employees employers managers founders teams doctors patients students teachers parents readers
    listeners guest guests host hosts speaker speakers author authors
    """.split()
)
KNOWN_NAMES = frozenset(
    """
    adobe akins alphabet amazon angular ann apollo apple april archer arias arnold asana ash
    athena atlas avalanche bacon baker barb barnes bates beijing bell ben benton beverly bill
    billie billy bishop black block bob bobbie bobby boeing bolt boone booth boston bower bowers
    bowles brad bray brooks brown browning buddy buffalo buffett bullock burns burr bush butcher
    butler canon canva carol carpenter carrie carrier carter carver cash cassandra cates
    chandler charity charles charlie chase chile china chongqing chrome chuck church circle
    clarence claude clay clayton clement clements clint clinton coates cohere congress constable
    constance cook coon cooper copilot corning croatia crouch currie curry cursor daisy dale
    dalmatia dayton dean dell delong delores democrats deno derrick desiree devine dexter dill
    discord django docker dodge don donald donn doss dove downing drake drew dropbox ebony echo
    eddie eddy elder emily excel falcon fannie felicity fern fidelity fink fisher fitch flask
    fleming florence foote ford foreman foster fox france frances frank fremont friedman fry
    frye fuller funk gage gaines gap gardner garland garner garrison gates gemini gerald gibbons
    gill glen goering golding goldman gonzales goode google gore goulding grace grant gray green
    grey griffin grimes guy haines hale hall hammer hardin harding hare harold hastings hatch
    hawk hawking hayes haynes hazel heath hector helms hermes herring hicks hill hills hilton
    hinge hobbs holly homer hooker hooks hopper horizon horne houston howe hume hunter hurt
    infinity inflection iris irons italy ivy jack jaguar james jared jasmine java jay jean
    jenkins jenny jerry jewel jinping jobs jolly june kafka keating kelly ken khan kimberly
    kindle king kingston kipling knight kunming lacy lamb lamont lance landers laurel lawrence
    leach lee levy lilly lily lincoln llama locke love lowe lynch madden maine manila manning
    marina mark marsh marshall martin martinez mason matt max mayo mcdonald meade meadows meeks
    mercury meta microsoft mike miles miller mills milton mistral misty mock molly mongo moody
    moore morales morgan musk mustang nanjing nest nestle newton nick nix norm notion oakes
    opera oracle outlook pagan page paramount park parker parks parson parsons pascal pat pate
    patty peacock perl perplexity pershing pete peter philippines phoenix pierce piper plaid
    polo pope porter post potter powell prince princeton proctor provence providence puma puppet
    python quinones rails raines rand ransom ray react reading redding redis reed reginald rex
    rick ricks ripple rivers roach rob robin robinhood robles ronald rosales rose rosie rouse
    rowe rowling ruby rust rusty sacramento safari sallie sally sanders sands sawyer scala sears
    senate shanghai sharpe shell shepherd sherrie sherry sicily sierra singer slack slaughter
    smith snow snowflake solana spalding spark spaulding spears spencer sprint square stallings
    staples starnes sterling steward stiles stokes stone stout strange stripe substack subway
    sue summers svelte swift target taylor telegram temple terence terrance terry thatcher
    theodore therese thorne tinder titan tom trenton trinidad trinity trump tucker turing turkey
    turner twitter tyler unity university valentine valve vance vanguard venable venice verity
    verizon vermont victor virgin visa wade wales walker walls ward ware warren waters watts weaver
    weir wellington wells welsh wheeler white wills willy windows winters wolf wolfe wood woods
    woody workman worthington wyoming xiaoping young zoom
    """.split()
)
"""Names that look like ordinary words or have their endings: said is said, but nothing less."""
ENDINGS = (
    "ation ution ition ction ption ession ision usion ness ment ability ibility ility icity ocity"
    " ality osity ivity urity arity ingly ously ively fully lessly ically ably ibly ism ology"
    " ography isation ization ized ised less ableness ship hood able ible"
).split()
ING = "ing"
MIN_BEFORE_ING = 4
HYPHENATED = frozenset(
    "e ex non co re de un pre post pro anti self semi multi inter intra sub super ultra mega micro "
    "mini macro quasi pseudo half cross counter over under out off on up down in all any no one "
    "two three x t".split()
)
"""What may stand before a hyphen, and is no name there: e-mail, Ex-Django."""
AFTER_HYPHEN = frozenset("rich free long best high low first ready wide heavy light grade".split())
"""What ends an adjective in a title, "Feature-Rich", though it may be a name elsewhere."""
PREFIXES = (
    "under over un re non pre mis dis sub super hyper multi micro macro self out inter anti co"
    " cross counter de mega mini cyber bio geo electro fore"
).split()
MIN_AFTER_PREFIX = 4


def is_plural(word: str) -> bool:
    """Whether a lower-case word is the plural of an ordinary English one: skeptics, officials."""
    return (
        word.endswith("s")
        and not word.endswith("ss")
        and bases(word).isdisjoint(KNOWN_NAMES)
        and any(base != word and base in frequent_lemmas() for base in shorter(word))
    )


def is_participle(word: str) -> bool:
    """Whether a lower-case word is the -ing form of an ordinary one: installing, refactoring."""
    return (
        word.endswith(ING)
        and bases(word).isdisjoint(KNOWN_NAMES)
        and any(base != word and base in frequent_lemmas() for base in shorter(word))
    )


@cache
def frequent_lemmas() -> frozenset[str]:
    """The words of `ordinary_words.txt`."""
    path = Path(__file__).with_name("ordinary_words.txt")
    return frozenset(path.read_text("utf-8").split())


def bases(word: str) -> set[str]:
    """What a lower-case English word may be a form of: plural, -ing, -ed, -ly; itself too."""
    found = {word}
    for _ in range(2):  # "buildings" is of "building", and that of "build"
        found |= {base for form in found for base in shorter(form)}
    return found


def shorter(word: str) -> set[str]:
    """A word without one ending; wrong guesses are in no list, so they do no harm."""
    found = set()
    for ending, instead in (
        ("'s", ""), ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"),
        ("ing", ""), ("ing", "e"), ("ily", "y"), ("bly", "ble"), ("ally", ""), ("ly", ""),
    ):  # fmt: skip
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3:
            found.add(stem + instead)
            is_doubled = ending in ("ed", "ing") and len(stem) > 3 and stem[-1] == stem[-2]
            found |= {stem[:-1]} if is_doubled else set()
    return found


def is_function_word(word: str) -> bool:
    """Whether a lower-case word, or what stands before its apostrophe, is one of the list."""
    stem, mark, _ = word.replace("’", "'").partition("'")
    return stem in FUNCTION_WORDS or (mark == "'" and stem.removesuffix("n") in FUNCTION_WORDS)


def is_ordinary(word: str) -> bool:
    """Whether a lower-case English word may open a sentence without having been said."""
    if is_function_word(word):
        return True
    forms = bases(word)
    if not forms.isdisjoint(KNOWN_NAMES):
        return False
    if not forms.isdisjoint(frequent_lemmas()):
        return True
    if any(
        form.endswith(ending) and len(form) > len(ending) + 2
        for form in forms
        for ending in ENDINGS
    ):
        return True
    if word.endswith(ING) and len(word) >= len(ING) + MIN_BEFORE_ING:
        return True
    return any(
        len(rest) >= MIN_AFTER_PREFIX and rest in frequent_lemmas()
        for form in forms
        for prefix in PREFIXES
        if (rest := form.removeprefix(prefix)) != form
    )
