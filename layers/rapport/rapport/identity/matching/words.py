"""Words of the world's addresses and names that say little by themselves."""

TITLES = frozenset((
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "revd", "reverend",
    "sir", "dame", "lord", "lady", "hon", "honourable", "capt", "captain", "maj", "major",
    "col", "colonel", "gen", "general", "lt", "lieutenant", "sgt", "adm", "admiral", "baron",
    "baronet", "bt", "bart", "earl", "viscount", "count", "countess", "duke", "duchess",
    "marquess", "jr", "jnr", "junior", "sr", "snr", "senior", "esq", "ii", "iii", "iv", "of",
    "the", "and", "von", "van", "der", "de", "la", "senor", "senora", "senorita",
))  # fmt: skip
"""Titles, ranks and particles: they come and go between two writings of one name."""

NO_NAMES = frozenset((
    "name", "last", "first", "middle", "surname", "unknown", "unk", "unnamed", "none", "null",
    "test", "na", "refused", "anonymous",
))  # fmt: skip
"""What people write in place of any name they do not know."""

NO_GIVEN_NAMES = NO_NAMES | frozenset((
    "mr", "mrs", "ms", "miss", "sir", "madam", "lady", "gentleman", "woman", "man", "male",
    "female", "person", "adult", "teen", "child", "children", "kid", "baby", "boy", "girl",
    "infant", "newborn", "husband", "wife", "spouse", "mother", "father", "mom", "mum", "dad",
    "son", "daughter", "sister", "brother", "grandchild", "grandson", "granddaughter",
    "grandmother", "grandfather", "aunt", "uncle", "cousin", "niece", "nephew", "stepchild",
    "roommate", "tenant", "guest", "occupant", "resident", "member", "hh", "minor", "a",
    "respondent", "householder", "homeowner", "owner", "renter", "lodger", "boarder", "friend",
    "oldest", "eldest", "youngest", "older", "younger", "of", "in", "the", "house", "home",
))  # fmt: skip
"""Likewise of a given name: a kinship or a kind of person."""

STREET_TYPES = {
    "street": "st",
    "str": "st",
    "avenue": "ave",
    "av": "ave",
    "road": "rd",
    "lane": "ln",
    "drive": "dr",
    "court": "ct",
    "place": "pl",
    "circuit": "cct",
    "circle": "cir",
    "crescent": "cres",
    "boulevard": "blvd",
    "boul": "blvd",
    "highway": "hwy",
    "parkway": "pkwy",
    "pky": "pkwy",
    "terrace": "tce",
    "ter": "tce",
    "square": "sq",
    "trail": "trl",
    "close": "cl",
    "apartment": "apt",
    "flat": "apt",
    "suite": "ste",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "building": "bldg",
    "floor": "fl",
    "house": "hse",
    "mansion": "mans",
    "mansions": "mans",
    "village": "vlge",
    "centre": "ctr",
    "center": "ctr",
}
"""Kinds of streets and buildings, and the points of the compass, as they are abbreviated."""
