"""What is hidden among the ordinary posts, so that what is found can be compared with it.

Three clusters that pass on the same link, hashtag or text within seconds; a ring that recruits; newsrooms that share a
wire story (slowly, or in the hostile demo at once) and fan clubs that share a song, neither of which is a crime; one
account that is taken over; reposts, quotes, replies, edits and deletions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tecolote.demo.acts import CRIMES
from tecolote.demo.people import TRIO, monday
from tecolote.demo.style import type_it
from tecolote.demo.timeline import Writer
from tecolote.demo.world import END, START, Account, Post, World

#: Acts of the clusters: propaganda that gains from being seen often.
_LOUD = ("glorification", "communique", "territorial_claim", "weapons_display", "wealth_display")


def plant(world: World, writer: Writer) -> None:
    """Everything that is planted, in a fixed order."""
    for name, _, what in TRIO:
        _together(world, writer, name, what)
    _ring(world, writer)
    _wire(world, writer)
    _songs(world, writer)
    _taken(world, writer)
    _passing_on(world, writer)
    _edits(world, writer)
    _deletions(world)


def _moment(world: World, before: datetime) -> datetime:
    span = (before - START).total_seconds() - 86400 * 60
    return START + timedelta(days=45, seconds=world.rng.random() * span)


def _together(world: World, writer: Writer, name: str, what: str) -> None:
    """Rounds of one cluster: most of its members pass on one thing within 50 seconds, a new thing each round."""
    rng = world.rng
    members = world.clusters[name]
    last = min([a.dark_at - timedelta(days=1) for a in members if a.dark_at] + [END - timedelta(days=3)])
    for number in range(14 if world.scale >= 0.5 else 6):
        at = _moment(world, last)
        act = rng.choice(_LOUD)
        lead = writer.post(members[0], act, at)
        link = f"https://{name}{number}.example/v/{rng.randrange(10**6)}"
        tag = f"#{name.title()}{rng.choice(('Firme', 'Manda', 'Vive', 'Presente'))}{number}"
        for member in rng.sample(members, max(3, round(len(members) * rng.uniform(0.6, 0.95)))):
            seconds = rng.uniform(0, 50)
            when = at + timedelta(seconds=seconds)
            if what == "text":
                post = Post("x", member, when, lead.text, lead.voice, lead.themes, lead.group, act, lead.lang)
                post.source_app = member.source_app
            else:
                post = writer.post(member, act, when)
                tail = link if what == "link" else tag
                post.text = f"{post.text[:230].rsplit(' ', 1)[0] if len(post.text) > 230 else post.text} {tail}"
            world.posts.append(post)


def _ring(world: World, writer: Writer) -> None:
    """The recruiters answer each other's advertisements with the same channel link and mention the hub."""
    rng = world.rng
    for platform in ("x", "tiktok"):
        ring = world.on(platform, "ring")
        for _ in range(round(60 * world.scale) + 3):
            at = _moment(world, END)
            author = rng.choice(ring)
            if not author.posting(at):
                continue
            post = writer.post(author, rng.choice(("recruitment", "coded")), at)
            other = rng.choice(ring)
            extra = f" @{other.handle_at(at)}" if rng.random() < 0.5 else " #ChambaEnLaSierra"
            if rng.random() < 0.4:
                extra += " https://t.me/aserradero_sierra"
            post.text = (post.text[:200].rsplit(" ", 1)[0] if len(post.text) > 200 else post.text) + extra
            world.posts.append(post)


def _wire(world: World, writer: Writer) -> None:
    """A wire story: newsrooms pass on one link over a quarter of an hour; in the hostile demo within seconds."""
    rng = world.rng
    rooms = world.on("x", "newsroom")
    for number in range(round(26 * world.scale) + 3):
        at = _moment(world, END)
        link = f"https://agenciadelllano.example/cable/{number}{rng.randrange(1000):03}"
        for room in rng.sample(rooms, min(len(rooms), rng.randrange(4, 9))):
            late = rng.uniform(1, 25) if world.hostile else rng.uniform(60, 1500)
            post = writer.post(room, rng.choice(("news_crime", "news_quote")), at + timedelta(seconds=late), link=link)
            if link not in post.text:
                post.text = f"{post.text[:215].rsplit(' ', 1)[0] if len(post.text) > 215 else post.text} {link}"
            world.posts.append(post)


def _songs(world: World, writer: Writer) -> None:
    """A release: a fan club shares one link, the quickest within a minute of each other."""
    rng = world.rng
    fans = world.on("x", "fan")
    for number in range(round(9 * world.scale) + 2):
        at = _moment(world, END)
        link = f"https://musicaserrana.example/estreno/{number}"
        for fan in rng.sample(fans, min(len(fans), rng.randrange(5, 13))):
            when = at + timedelta(seconds=rng.expovariate(1 / 900))
            if fan.posting(when) and when < END:
                world.posts.append(writer.post(fan, "song_link", when, link=link))


def _taken(world: World, writer: Writer) -> None:
    """The hijacked account: other words, client and hours, and threats instead of alerts."""
    rng = world.rng
    owner = next(a for a in world.accounts if a.taken_at)
    assert owner.taken_at is not None
    before = owner.group
    owner.group, style, app = next(a.group for a in world.on("x", "ring")), owner.style, owner.source_app
    owner.style, owner.source_app = frozenset({"lower", "short", "plain"}), "Twitter Web App"
    acts = ["account_takeover"] * 3 + ["threat_press"] * 3 + ["threat_civilian", "glorification", "account_takeover"]
    at = owner.taken_at
    for act in acts:
        world.posts.append(writer.post(owner, act, at))
        at += timedelta(hours=rng.choice((0, 0, 24)), minutes=rng.randrange(3, 50))
    owner.group, owner.style, owner.source_app = before, style, app


def _audience(post: Post, people: Sequence[Account]) -> list[Account]:
    """Who would pass a post on: members their own group, everybody the news, fans the songs."""
    if post.voice == "perpetrator":
        return [a for a in people if a.role == "member" and post.account and a.group is post.account.group]
    if post.voice in ("reporter", "victim"):
        return [a for a in people if a.role in ("neutral", "citizen", "reporter", "collective", "victim")]
    return [a for a in people if a.role in ("fan", "neutral")]


def _passing_on(world: World, writer: Writer) -> None:
    """Reposts, quotes and replies on X and Bluesky; a repost says what the original says."""
    rng = world.rng
    for platform, count in (("x", 1500), ("bluesky", 180)):
        originals = [p for p in world.posts if p.platform == platform]
        people = world.on(platform)
        for _ in range(round(count * world.scale)):
            post = rng.choice(originals)
            audience = _audience(post, people)
            when = post.at + timedelta(seconds=rng.expovariate(1 / 9000) + 70)
            author = rng.choice(audience) if audience else None
            if author is None or author is post.account or when >= END or not _can(author, when):
                continue
            kind = rng.choices(("repost", "reply", "quote"), (55, 35, 10))[0]
            if kind == "repost":
                passed = Post(
                    platform, author, when, post.text, post.voice, post.themes, post.group, "repost", post.lang
                )
                passed.repost_of, passed.source_app = post, author.source_app
            else:
                act = "counter" if post.voice == "perpetrator" and author.role != "member" else "reply"
                if post.voice == "reporter" and author.role == "member" and rng.random() < 0.5:
                    act = "threat_press"
                passed = writer.post(author, act, when)
                if kind == "reply":
                    passed.reply_to = post
                else:
                    passed.quote_of = post
            world.posts.append(passed)
        _answers(world, writer, originals, people)


def _answers(world: World, writer: Writer, originals: list[Post], people: Sequence[Account]) -> None:
    """Members who answer reporters with a threat, and private people who answer members with contempt."""
    rng = world.rng
    members = [a for a in people if a.role == "member"]
    others = [a for a in people if a.role == "neutral"]
    for post in rng.sample(originals, min(len(originals), round(400 * world.scale))):
        when = post.at + timedelta(seconds=rng.expovariate(1 / 7000) + 40)
        if post.voice == "reporter" and rng.random() < 0.35:
            author, act = rng.choice(members), "threat_press"
        elif post.voice == "perpetrator":
            author, act = rng.choice(others), "counter"
        else:
            continue
        if when < END and _can(author, when):
            answer = writer.post(author, act, when)
            answer.reply_to = post
            world.posts.append(answer)


def _can(author: Account, when: datetime) -> bool:
    return author.posting(when) and not (author.taken_at and when >= author.taken_at)


def _edits(world: World, writer: Writer) -> None:
    """Posts of X and Telegram that were corrected within minutes: the second version has its own words."""
    rng = world.rng
    pool = [p for p in world.posts if p.platform == "x" and not (p.repost_of or p.reply_to or p.act in CRIMES)]
    for post in rng.sample(pool, min(len(pool), round(40 * world.scale) + 2)):
        assert post.account is not None
        fixed = Post("x", post.account, post.at + timedelta(minutes=rng.uniform(1, 25)), "", post.voice, act=post.act)
        fixed.text = f"{type_it(post.text, frozenset({'loose'}), rng)[:255]} (corrijo)"
        fixed.edit_of, fixed.source_app, fixed.lang = post, post.source_app, post.lang
        if fixed.at < END and _can(post.account, fixed.at):
            world.posts.append(fixed)


def _deletions(world: World) -> None:
    """Posts of X that are deleted while their author stays; those of members more often."""
    rng = world.rng
    for post in world.posts:
        if post.platform != "x" or post.repost_of or post.edit_of:
            continue
        if rng.random() < (0.12 if post.flag else 0.008):
            weeks = (post.at - START).days // 7
            gone = monday(weeks + rng.randrange(2, 30)) + timedelta(seconds=rng.randrange(86400))
            post.gone_at = gone if gone < END else None
