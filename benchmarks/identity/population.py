"""Invented people: households, names in several scripts and the ways they are written."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

# character, Hong Kong spelling, Hanyu Pinyin, Wade-Giles as Taiwanese passports have it
_SURNAMES = """陳 Chan Chen Chen|黃 Wong Huang Huang|林 Lam Lin Lin
張 Cheung Zhang Chang|李 Lee Li Lee
王 Wong Wang Wang|吳 Ng Wu Wu|劉 Lau Liu Liu|蔡 Choi Cai Tsai|楊 Yeung Yang Yang|許 Hui Xu Hsu
鄭 Cheng Zheng Cheng|謝 Tse Xie Hsieh|郭 Kwok Guo Kuo|曾 Tsang Zeng Tseng|廖 Liu Liao Liao
賴 Lai Lai Lai|周 Chow Zhou Chou|葉 Yip Ye Yeh|蘇 So Su Su|潘 Poon Pan Pan|簡 Kan Jian Chien
鍾 Chung Zhong Chung|梁 Leung Liang Liang|何 Ho He Ho|彭 Pang Peng Peng|余 Yu Yu Yu|杜 To Du Tu
馬 Ma Ma Ma|方 Fong Fang Fang|石 Shek Shi Shih|姚 Yiu Yao Yao|譚 Tam Tan Tan|陸 Luk Lu Lu
甘 Kam Gan Kan|溫 Wan Wen Wen|葛 Kot Ge Ko|歐陽 Au-yeung Ouyang Ouyang"""
_GIVEN = """志 Chi Zhi Chih|明 Ming Ming Ming|偉 Wai Wei Wei|強 Keung Qiang Chiang|芳 Fong Fang Fang
敏 Man Min Min|靜 Ching Jing Ching|麗 Lai Li Li|傑 Kit Jie Chieh|俊 Chun Jun Chun|豪 Ho Hao Hao
怡 Yee Yi Yi|婷 Ting Ting Ting|雯 Man Wen Wen|琪 Ki Qi Chi|玲 Ling Ling Ling|慧 Wai Hui Hui
珍 Chun Zhen Chen|佩 Pui Pei Pei|欣 Yan Xin Hsin|穎 Wing Ying Ying
詠 Wing Yong Yung|潔 Kit Jie Chieh
國 Kwok Guo Kuo|華 Wah Hua Hua|榮 Wing Rong Jung|輝 Fai Hui Hui|德 Tak De Te|文 Man Wen Wen
龍 Lung Long Lung|宏 Wang Hong Hung|浩 Ho Hao Hao|宇 Yu Yu Yu|軒 Hin Xuan Hsuan|晴 Ching Qing Ching
美 Mei Mei Mei|玉 Yuk Yu Yu|蘭 Lan Lan Lan|秀 Sau Xiu Hsiu|鳳 Fung Feng Feng|雪 Suet Xue Hsueh
梅 Mui Mei Mei|雲 Wan Yun Yun|嘉 Ka Jia Chia|家 Ka Jia Chia|永 Wing Yong Yung|安 On An An
康 Hong Kang Kang|賢 Yin Xian Hsien|達 Tat Da Ta|樂 Lok Le Le|天 Tin Tian Tien|恩 Yan En En
智 Chi Zhi Chih|勇 Yung Yong Yung|柏 Pak Bo Po|朗 Long Lang Lang|彤 Tung Tong Tung|瑤 Yiu Yao Yao"""
_SIMPLER = str.maketrans(
    "陳黃張吳劉楊許鄭謝賴葉蘇簡鍾馬譚陸歐陽溫偉強靜麗傑瓊國華榮輝龍軒蘭鳳雲賢達樂瑤穎詠潔",
    "陈黄张吴刘杨许郑谢赖叶苏简钟马谭陆欧阳温伟强静丽杰琼国华荣辉龙轩兰凤云贤达乐瑶颖咏洁",
)
_ENGLISH = {
    "f": "Jennifer Elizabeth Katherine Rebecca Susan Patricia Victoria Amanda Christina Natalie "
    "Joyce Winnie Phoebe Irene Vivian Yvonne Queenie Charlotte Emma Olivia Hannah Isabel Sophia",
    "m": "William Robert Michael Christopher Anthony Benjamin Alexander Edward Thomas Daniel "
    "Raymond Eric Kelvin Terence Vincent Desmond Ivan Oscar Patrick Samuel "
    "Frederick Gabriel Dominic",
}
_NICK = {
    "Jennifer": "Jenny Jen", "Elizabeth": "Liz Beth Betty", "Katherine": "Kate Kathy",
    "Rebecca": "Becky", "Susan": "Sue", "Patricia": "Pat Patty", "Victoria": "Vicky",
    "Amanda": "Mandy", "Christina": "Tina",
    "William": "Bill Will", "Robert": "Bob Rob", "Michael": "Mike", "Christopher": "Chris",
    "Anthony": "Tony", "Benjamin": "Ben", "Alexander": "Alex", "Edward": "Ed Ted", "Thomas": "Tom",
    "Daniel": "Dan Danny", "Raymond": "Ray", "Samuel": "Sam",
    "Frederick": "Fred", "Patrick": "Paddy",
}  # fmt: skip
_FAMILY = (  # noqa: SIM905 - a list of words reads better as a text
    "Anderson Walker Mitchell Turner Campbell Parker Collins Stewart Bennett Fernandez Santos Cruz "
    "Reyes Gurung Rai Patel Singh Mehta Nguyen Tran Kowalski Schmidt Rossi Dubois Johansson Tanaka"
).split()
_ESTATES = (
    ("Harbour Heights", "海峰花園", "North Point"), ("Jade Court", "翠玉閣", "Tuen Mun"),
    ("Pine Garden", "松柏花園", "Fanling"), ("Sunrise Villa", "朝陽邨", "Kwai Fong"),
    ("Riverside Estate", "河畔邨", "Tai Wai"), ("Maple Terrace", "楓葉台", "Sai Wan"),
    ("Golden Plaza", "金輝廣場", "Mong Kok"), ("Bayview Towers", "灣景樓", "Hung Hom"),
)  # fmt: skip


def _table(text: str) -> list[tuple[str, str, str, str]]:
    rows = (one.split() for line in text.split("\n") for one in line.split("|"))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


SURNAMES, GIVEN = _table(_SURNAMES), _table(_GIVEN)


@dataclass(eq=False)
class Person:
    """One invented person. `surname` and `given` have columns as the tables above; `system` is the
    column of their own romanisation (1 Hong Kong, 2 Pinyin, 3 Wade-Giles)."""

    person_id: str
    household: str
    sex: str
    born: date
    english: str
    surname: tuple[str, str, str, str] | None
    given: tuple[tuple[str, str, str, str], ...]
    family: str
    system: int
    address: tuple[str, int, int, int, int]
    tags: set[str] = field(default_factory=set)
    phones: list[str] = field(default_factory=list)
    email: str = ""
    cookies: list[str] = field(default_factory=list)
    line_id: str = ""
    card: str = ""
    twin: str = ""

    @property
    def chinese(self) -> str:
        """In characters; empty for who has no such name."""
        return self.surname[0] + "".join(one[0] for one in self.given) if self.surname else ""

    def canonical(self) -> str:
        """The name as in a passport."""
        if self.surname is None:
            return f"{self.english} {self.family}"
        return " ".join((self.surname[self.system], *(one[self.system] for one in self.given)))


def households(count: int, chance: random.Random, twins: float) -> list[Person]:
    """At least `count` people in households of one to five, who share a surname and an address."""
    people: list[Person] = []
    while len(people) < count:
        home = f"H{len(people):05d}"
        system = chance.choices((1, 2, 3), (0.72, 0.1, 0.18))[0]
        is_chinese = chance.random() < 0.8
        surname = chance.choice(SURNAMES) if is_chinese else None
        family = chance.choice(_FAMILY)
        address = (chance.choice("ABCDEFGH"), chance.randint(1, 42), chance.randint(1, 22),
                   chance.randrange(len(_ESTATES)), chance.randint(1, 400))  # fmt: skip
        members: list[Person] = []
        for _ in range(chance.choices((1, 2, 3, 4, 5), (0.3, 0.28, 0.22, 0.14, 0.06))[0]):
            person_id = f"G{len(people) + len(members):05d}"
            one = _person(person_id, home, surname, family, system, address, chance)
            if all(one.english != two.english or not one.english for two in members):
                members.append(one)
        if len(members) > 1 and chance.random() < twins:
            _make_twins(members[-2], members[-1], chance)
        people += members
    return people


def _person(  # noqa: PLR0917 - what a household has in common
    person_id: str,
    home: str,
    surname: tuple[str, str, str, str] | None,
    family: str,
    system: int,
    address: tuple[str, int, int, int, int],
    chance: random.Random,
) -> Person:
    sex = chance.choice("fm")
    english = chance.choice(_ENGLISH[sex].split())
    if surname is not None and chance.random() < 0.35:
        english = ""
    married = surname is not None and chance.random() < 0.2
    own = chance.choice(SURNAMES) if married else surname
    given = tuple(chance.sample(GIVEN, 2 if chance.random() < 0.88 else 1)) if own else ()
    born = date(1935, 1, 1) + timedelta(days=chance.randrange(28_000))
    return Person(person_id, home, sex, born, english, own, given, family, system, address)


def _make_twins(one: Person, two: Person, chance: random.Random) -> None:
    two.born, two.surname = one.born, one.surname
    if one.surname is None:
        two.given, two.family = (), one.family
        two.english = chance.choice([n for n in _ENGLISH[two.sex].split() if n != one.english])
    elif len(one.given) > 1 and chance.random() < 0.6:
        other = chance.choice(
            [g for g in GIVEN if g[1] != one.given[1][1] and g[2] != one.given[1][2]]
        )
        two.given = (one.given[0], other)
    one.twin, two.twin = two.person_id, one.person_id
    one.tags.add("twin")
    two.tags.add("twin")


def written(person: Person, chance: random.Random, typos: float) -> str:
    """The person's name as somebody writes it down."""
    forms = _latin_forms(person, chance)
    if person.chinese:
        forms += [person.chinese] * 3 + [person.chinese.translate(_SIMPLER)]
    text = chance.choice(forms)
    case = chance.random()
    text = text.upper() if case < 0.12 else text.lower() if case < 0.2 else text
    return mistyped(text, chance) if chance.random() < typos else text


def _latin_forms(person: Person, chance: random.Random) -> list[str]:
    if person.surname is None:
        first, last = person.english, person.family
        forms = [f"{first} {last}"] * 5 + [
            f"{last}, {first}",
            f"{first[0]}. {last}",
            f"{last} {first}",
        ]
        return forms + [f"{nick} {last}" for nick in _NICK.get(first, "").split()]
    last, given = person.surname[person.system], [one[person.system] for one in person.given]
    both = " ".join(given)
    forms = [f"{last} {both}"] * 3 + [f"{both} {last}", f"{last}, {both}",
             f"{last} {'-'.join(given)}",
             f"{last} {''.join(given).capitalize()}", f"{last.upper()} {both}"]  # fmt: skip
    if person.system == 1 and chance.random() < 0.1:
        forms.append(f"{''.join(one[2] for one in person.given).capitalize()} {person.surname[2]}")
    if person.english:
        initials = "".join(f"{one[0]}." for one in given)
        forms += [f"{person.english} {last}"] * 2
        forms += [f"{person.english} {last} {both}", f"{last} {both} {person.english}",
                  f"{person.english} {initials} {last}"]  # fmt: skip
        forms += [f"{nick} {last}" for nick in _NICK.get(person.english, "").split()]
    return forms


def displayed(person: Person, chance: random.Random) -> str:
    """What the person is called in a chat."""
    forms = [written(person, chance, 0.0)]
    if person.english:
        forms += [
            person.english,
            person.english.lower(),
            person.english + chance.choice("🌸🐶✨🍀"),
        ]
        forms += _NICK.get(person.english, "").split()
    if person.given:
        forms += ["阿" + person.given[-1][0], "".join(one[0] for one in person.given)]
    return chance.choice(forms)


def mistyped(text: str, chance: random.Random) -> str:
    """With one slip: two letters swapped, one left out, doubled, or another in its place."""
    if len(text) < 4 or not text.isascii():
        return text
    at = chance.randrange(1, len(text) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + chance.choice("abcdefghijklmnopqrstuvwxyz") + text[at + 1 :]


def address_of(person: Person, chance: random.Random) -> str:
    """The address in one of its spellings."""
    flat, floor, block, estate, _ = person.address
    name, han, district = _ESTATES[estate]
    return chance.choice(
        (
            f"Flat {flat}, {floor}/F, Block {block}, {name}, {district}",
            f"{floor}{flat}, Tower {block}, {name}, {district}, Hong Kong",
            f"Room {flat}, {floor}th Floor, Block {block}, {name}",
            f"Flt {flat} {floor}/F Blk {block} {name}",
            f"{han}{block}座{floor}樓{flat}室",
        )
    )


def birth_of(person: Person, chance: random.Random, slips: float) -> str:
    """The birth date in one of its spellings, now and then with day and month swapped."""
    born = person.born
    if chance.random() < slips:
        if born.day <= 12:
            born = date(born.year, born.day, born.month)
        return born.isoformat()
    return chance.choice((born.isoformat(),) * 4 + (born.strftime("%d/%m/%Y"), str(born.year)))


def phone_text(number: str, chance: random.Random) -> str:
    """A Hong Kong (eight digits) or Taiwan (nine) number as people type it."""
    if len(number) == 9:
        return chance.choice(
            (f"+886{number}", f"0{number}", f"0{number[:3]}-{number[3:6]}-{number[6:]}")
        )
    return chance.choice(
        (f"+852{number}", number, f"{number[:4]} {number[4:]}", f"852-{number[:4]}-{number[4:]}",
         f"00852{number}", f"(852) {number}")
    )  # fmt: skip
