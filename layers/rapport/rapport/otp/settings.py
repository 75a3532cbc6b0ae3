"""Services: how codes look, live and travel, as data; and the words they travel in."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rapport.kernel.locales import nearest
from rapport.otp.model import KINDS
from rapport.otp.recognition import LONGEST, SHORTEST

Channel = Literal["sms", "voice", "whatsapp", "email", "line", "telegram", "messenger"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Words = Annotated[str, Field(min_length=1, max_length=1000)]

LONGEST_LIFE = timedelta(hours=24)
"""Of any code."""

AUTHENTICATION_LIFE = timedelta(minutes=10)
"""NIST SP 800-63B-4, 3.1.3.2, which also asks for six digits; ours are never shorter."""

DEFAULT_LOCALE, DEFAULT_SERVICE = "en", "default"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Route(_Data):
    """A channel, and the account that sends on it. `template`: WhatsApp's approved one."""

    channel: Channel
    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "main"
    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,512}$")] | None = None


class Purpose(_Data):
    """What a code is good for. `confirms`: it proves the address itself and nothing else."""

    confirms: Literal["email", "phone"] | None = None
    life: Annotated[timedelta, Field(ge=timedelta(minutes=2), le=LONGEST_LIFE)] | None = None


class Wording(_Data):
    """The words of one locale; `{code}`, `{minutes}` and `{domain}` are filled in."""

    text: Words
    subject: Annotated[str, Field(min_length=1, max_length=200)] = "{code}"
    speech: Words

    @model_validator(mode="after")
    def _says_the_code(self) -> Self:
        if "{code}" not in self.text or "{code}" not in self.speech:
            raise ValueError("text and speech must contain {code}")
        return self


WORDINGS = {
    "en": Wording(
        text="{code} is your code. It is valid for {minutes} minutes. Tell it to nobody who calls.",
        subject="Your code",
        speech="Your code is {code}. Once more: {code}.",
    ),
    "zh-TW": Wording(
        text="您的驗證碼是 {code}，{minutes} 分鐘內有效。請勿告訴來電的任何人。",
        subject="您的驗證碼",
        speech="您的驗證碼是 {code}。再說一次：{code}。",
    ),
    "zh-CN": Wording(
        text="您的验证码是 {code}，{minutes} 分钟内有效。请勿告诉来电的任何人。",
        subject="您的验证码",
        speech="您的验证码是 {code}。再说一次：{code}。",
    ),
    "zh-HK": Wording(
        text="您的驗證碼是 {code}，{minutes} 分鐘內有效。請勿告訴任何來電者。",
        subject="您的驗證碼",
        speech="您的驗證碼係 {code}。再講一次：{code}。",
    ),
    "ja": Wording(
        text="認証コードは {code} です（{minutes}分間有効）。電話の相手には教えないでください。",
        subject="認証コード",
        speech="認証コードは {code} です。もう一度お伝えします。{code} です。",
    ),
    "ko": Wording(
        text="인증번호 {code} ({minutes}분간 유효). 전화로 물어도 알려주지 마세요.",
        subject="인증번호",
        speech="인증번호는 {code}입니다. 다시 한번 말씀드립니다. {code}입니다.",
    ),
    "es": Wording(
        text="{code} es su código. Es válido durante {minutes} minutos. No lo diga a quien llame.",
        subject="Su código",
        speech="Su código es {code}. Otra vez: {code}.",
    ),
    "pt-BR": Wording(
        text="{code} é o seu código. É válido por {minutes} minutos. Não o informe a quem ligar.",
        subject="Seu código",
        speech="Seu código é {code}. Mais uma vez: {code}.",
    ),
    "fr": Wording(
        text="{code} est votre code, valable {minutes} minutes. Ne le dites à aucun appelant.",
        subject="Votre code",
        speech="Votre code est {code}. Je répète : {code}.",
    ),
    "it": Wording(
        text="{code} è il suo codice. È valido per {minutes} minuti. Non lo dica a chi telefona.",
        subject="Il suo codice",
        speech="Il suo codice è {code}. Ripeto: {code}.",
    ),
    "de": Wording(
        text="{code} ist Ihr Code. Er gilt {minutes} Minuten. Nennen Sie ihn keinem Anrufer.",
        subject="Ihr Code",
        speech="Ihr Code ist {code}. Noch einmal: {code}.",
    ),
}


class Service(_Data):
    """One kind of verification, as its owner defines it; `version` counts its changes.

    `domain` binds the text message for autofill (last line `@example.com #123456`).
    `fallback_after`: how long an unanswered code waits before it goes out on the next route to the
    same address. `countries`: ISO 3166 codes that numbers may be of; None for all.
    """

    name: Name
    version: Annotated[int, Field(ge=0)] = 0
    length: Annotated[int, Field(ge=SHORTEST, le=LONGEST)] = SHORTEST
    life: Annotated[timedelta, Field(ge=timedelta(minutes=2), le=LONGEST_LIFE)] = timedelta(
        minutes=10
    )
    max_sends: Annotated[int, Field(ge=1, le=5)] = 5
    max_checks: Annotated[int, Field(ge=1, le=5)] = 5
    wait: Annotated[timedelta, Field(ge=timedelta(seconds=10), le=timedelta(minutes=10))] = (
        timedelta(seconds=30)
    )
    fallback_after: (
        Annotated[timedelta, Field(ge=timedelta(seconds=20), le=timedelta(minutes=15))] | None
    ) = timedelta(seconds=90)
    routes: Annotated[tuple[Route, ...], Field(min_length=1, max_length=10)]
    purposes: Annotated[dict[Name, Purpose], Field(min_length=1, max_length=50)]
    wordings: Annotated[dict[Locale, Wording], Field(max_length=50)] = {}
    domain: Annotated[str, Field(pattern=r"^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$")] | None = None
    countries: frozenset[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] | None = None

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Self:
        channels = [route.channel for route in self.routes]
        if len(set(channels)) != len(channels):
            raise ValueError("routes must name each channel once")
        for name, purpose in self.purposes.items():
            if purpose.confirms is not None:
                continue
            if self.life_for(name) > AUTHENTICATION_LIFE:
                raise ValueError(f"purpose {name} allows codes of at most 10 minutes")
        return self

    def life_for(self, purpose: str) -> timedelta:
        """How long a code for this purpose lives."""
        return self.purposes[purpose].life or self.life

    def route(self, channel: str) -> Route | None:
        """The route of a channel."""
        return next((one for one in self.routes if one.channel == channel), None)

    def routes_for(self, purpose: str) -> list[Route]:
        """The routes that may carry a code for this purpose, in order.

        E-mail confirms an e-mail address and is no factor for anything else (NIST SP 800-63B-4,
        3.1.3.1); what confirms a phone number goes to phones alone.
        """
        confirms = self.purposes[purpose].confirms
        if confirms is None:
            return [one for one in self.routes if one.channel != "email"]
        return [one for one in self.routes if KINDS[one.channel] == confirms]

    def wording(self, locale: str) -> Wording:
        """The words nearest to a locale, else English; own ones before ours."""
        found = nearest(locale, self.wordings, WORDINGS)
        found = found or nearest(DEFAULT_LOCALE, self.wordings, WORDINGS)
        return found[1] if found else WORDINGS[DEFAULT_LOCALE]


def default_service(name: str = DEFAULT_SERVICE) -> Service:
    """A service for those who define none: SMS by Twilio, then a call, then WhatsApp."""
    return Service(
        name=name,
        routes=(
            Route(channel="sms", provider="twilio"),
            Route(channel="voice", provider="twilio"),
            Route(channel="whatsapp", provider="whatsapp", template="verification_code"),
            Route(channel="email", provider="ses"),
        ),
        purposes={
            "sign_in": Purpose(),
            "identity": Purpose(),
            "payment": Purpose(life=timedelta(minutes=5)),
            "confirm_phone": Purpose(confirms="phone"),
            "confirm_email": Purpose(confirms="email", life=timedelta(hours=1)),
        },
    )


def filled(words: str, *, code: str, minutes: int, domain: str | None) -> str:
    """`words` with the three placeholders filled; nothing else in them is ever interpreted."""
    filled_in = words.replace("{minutes}", str(minutes)).replace("{domain}", domain or "")
    return filled_in.replace("{code}", code)
