"""What each kind of account does, and what each rule of the grammar means: its voice and the themes it performs.

Voices and themes are the ids of the project's codebook, written here as plain strings.
"""

from __future__ import annotations

#: Acts that a member of a group performs, with their share among the acts performed.
CRIMES: dict[str, float] = {
    "recruitment": 12, "coded": 9, "glorification": 13, "wealth_display": 7, "weapons_display": 8,
    "exotic_animals": 2, "threat_rival": 8, "threat_authority": 4, "threat_civilian": 5, "threat_press": 4,
    "extortion": 5, "luring": 2.5, "territorial_claim": 6, "communique": 3.5, "lookout": 3.5, "social_aid": 2,
    "target_doxxing": 1.5, "kidnap_ransom": 1, "drug_sale": 1.5, "arms_sale": 1.5, "human_smuggling": 2,
    "revenge_grief": 2, "graphic_violence": 1,
}  # fmt: skip
#: Every act that is a crime; a hijacked account performs one that members never do under their own name.
PERFORMED = frozenset(CRIMES) | {"account_takeover"}
RING_CRIMES: dict[str, float] = {
    "recruitment": 40,
    "coded": 30,
    "wealth_display": 12,
    "human_smuggling": 8,
    "luring": 4,
}

_LIFE: dict[str, float] = {
    "life": 24, "food": 8, "sale": 7, "football": 9, "joke": 7, "nature": 6, "faith": 4, "school": 4, "transit": 5,
    "spanglish": 2, "reply": 12,
}  # fmt: skip

#: Share of each rule by kind of account; "life" stands for the mixture of ordinary life, "crime" for CRIMES.
MIX: dict[str, dict[str, float]] = {
    "neutral": _LIFE | {"job": 7, "counter": 3, "english": 2, "corrido": 2, "mourning": 1, "gaming": 2},
    "member": {"crime": 56, "@life": 34, "corrido": 6, "gaming": 2, "gossip": 1, "mourning": 1},
    "ring": {"crime": 60, "@life": 34, "corrido": 6},
    "fan": {"corrido": 26, "series": 16, "gaming": 14, "gossip": 8, "@life": 36},
    "newsroom": {"news_ordinary": 46, "news_crime": 26, "news_quote": 9, "news_recruit": 5, "prevention": 5, "alert": 4,
                 "official": 5},
    "journalist": {"news_crime": 24, "news_quote": 13, "news_recruit": 6, "ngo": 8, "prevention": 5, "news_ordinary": 8,
                   "counter": 5, "@life": 31},
    "alert": {"alert": 52, "prevention": 4, "news_quote": 5, "transit": 12, "counter": 4, "@life": 23},
    "official": {"official": 55, "prevention": 25, "news_ordinary": 20},
    "collective": {"collective": 44, "search_card": 30, "mourning": 8, "prevention": 6, "@life": 12},
    "victim": {"testimony": 22, "mourning": 14, "hacked": 5, "search_card": 5, "@life": 54},
    "crew": {"vlog": 100},
}  # fmt: skip
LIFE = _LIFE

_REPORTER = ("news_quote", "news_crime", "news_recruit", "prevention", "alert", "official", "ngo")
_VICTIM = ("search_card", "collective", "mourning", "testimony", "hacked")
_FAN = ("corrido", "series", "gaming", "gossip", "song_link")
#: Voice by act; an act that is not named is neutral.
VOICE: dict[str, str] = (
    dict.fromkeys(_REPORTER, "reporter") | dict.fromkeys(_VICTIM, "victim") | dict.fromkeys(_FAN, "fan")
)
#: Role in the truth by kind of account.
ROLE = {
    "neutral": "neutral", "member": "member", "ring": "member", "fan": "fan", "newsroom": "reporter",
    "journalist": "reporter", "alert": "citizen", "official": "reporter", "collective": "collective",
    "victim": "victim", "crew": "neutral",
}  # fmt: skip
#: How much an account of the kind posts.
WEIGHT = {
    "neutral": 1.9, "member": 1.5, "ring": 1.7, "fan": 1.6, "newsroom": 5.0, "journalist": 2.5, "alert": 3.2,
    "official": 2.0, "collective": 1.6, "victim": 0.7, "crew": 1.0,
}  # fmt: skip


def theme_of(act: str) -> str:
    """The codebook theme that an act performs."""
    return "recruitment" if act == "coded" else act
