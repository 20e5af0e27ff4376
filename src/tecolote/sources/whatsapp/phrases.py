"""What WhatsApp itself writes into an export, in English and in the Spanish of Mexico and of Spain.

The phrases are those of the Android and iOS apps from about 2015 on. A phrase that is not known costs little:
on Android a line without an author is an event whatever it says, and elsewhere the line stays a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f]")


def plain(text: str) -> str:
    """``text`` without direction marks and with ordinary spaces."""
    return text if text.isascii() else _SPACES.sub(" ", _MARKS.sub("", text))


#: Ends the text of an edited message.
EDITED = re.compile(
    "\\s*\u200e?<(?:This message was edited|Se editó este mensaje|Este mensaje (?:fue editado|se editó)|"
    "Mensaje editado|Editado)\\.?>\\s*$",
    re.IGNORECASE,
)
#: All of a deleted message.
DELETED = re.compile(
    r"(?:This message was deleted(?: by admin.{0,80})?|You deleted this message(?: as admin)?|"
    r"Se eliminó este mensaje(?: por (?:un|el) admin.{0,80})?|Eliminaste este mensaje|"
    r"Este mensaje (?:fue eliminado|se eliminó)(?: por (?:un|el) admin.{0,80})?|"
    r"(?:Un|El) admin(?:istrador)?\.?.{0,80} eliminó este mensaje)\.?",
    re.IGNORECASE,
)
_KIND_WORDS = (
    "media|multimedia|archivo|file|image|imagen|foto|photo|video|vídeo|audio|voice message|mensaje de voz|"
    "nota de voz|sticker|gif|documento?|contact card|tarjeta de contacto|contacto|video note|nota de video|"
    "videomensaje|view once (?:message|photo|video|voice message)|"
    "(?:foto|video|mensaje) de (?:una sola visualización|visualización única)"
)
#: All of a message whose file was left out of the export.
OMITTED = re.compile(
    rf"<?(?:archivo de )?(?P<kind>{_KIND_WORDS}) (?:omitted|omitid[oa])>?\.?|"
    r"<(?:Se omitió (?:el )?(?:archivo )?multimedia|Medien ausgeschlossen|Arquivo de mídia oculto|Mídia oculta|"
    r"Médias omis|Media omessi)>",
    re.IGNORECASE,
)
_NAMED_OMITTED = re.compile(
    r"(?P<name>[^\n/\\]{1,200}\.\w{1,8})(?: • [^•\n]{1,40})* (?:• )?"
    r"(?:documento? omit(?:ted|ido)|contact card omitted|tarjeta de contacto omitida)",
    re.IGNORECASE,
)
#: All of a message that the exporting phone had not received yet.
PENDING = re.compile(
    r"(?:Waiting for this message|Esperando (?:el|este) mensaje)\. (?:This may|Esto puede)[^\n]{0,60}", re.IGNORECASE
)
#: All of a message that only another phone can show: its content is no part of any export.
_ELSEWHERE = re.compile(
    r"(?:You (?:received|sent) a view once (?P<kind>message|photo|video|voice message)\. For added privacy|"
    r"(?:Recibiste|Enviaste) un(?:a)? (?P<tipo>mensaje|foto|video|mensaje de voz) (?:de|para ver) "
    r"(?:una sola (?:vez|visualización)|visualización única)\. Para (?:mayor|más) privacidad)[^\n]{0,120}",
    re.IGNORECASE,
)
#: First line of a message with a file, on Android.
ATTACHED = re.compile(
    r"(?P<name>[^\n/\\]{1,240}\.\w{1,8}) \((?:file attached|archivo adjunto)\)(?:\n(?P<caption>.*))?", re.DOTALL | re.I
)
#: A file of the export, on iOS; a caption may stand around it.
ANGLE_ATTACHED = re.compile("\u200e?<(?:attached|adjunto|archivo adjunto):\\s*\u200e?([^<>\\n]{1,240})>", re.IGNORECASE)
PLACE = re.compile(
    r"https?://(?:www\.)?(?:maps\.google\.\w+|google\.\w+/maps)\S*?[?&/@](?:q=|query=)?(-?\d{1,2}\.\d+),(-?\d{1,3}\.\d+)"
)
#: A call, with its author (or without, in older exports).
CALL = re.compile(
    r"(?:(?:missed|silenced) )?(?:group )?(?:voice|video) ?call(?:\b.{0,60})?|"
    r"missed group (?:voice|video) call.{0,40}|"
    r"(?:llamada|videollamada)(?: grupal| de voz| de video)*(?: perdida| silenciada)?"
    r"(?:[.,:] ?.{0,60}| a las .{0,20})?",
    re.IGNORECASE,
)
ENCRYPTION = re.compile(
    r"(?:(?:messages (?:and calls|you send to this|to this)|"
    r"los mensajes (?:y las llamadas|que envíes|enviados a|en este|de este))"
    r".{0,80}(?:encrypt|encript|cifrad|secured with).{0,240})",
    re.IGNORECASE | re.DOTALL,
)
_END = r"(?:[\s.,].{0,200})?"
# Each has an actor (a) and perhaps other members (t); 'You', 'Tú' and the 'Se' of 'Se añadió a' are nobody's name.
_EVENTS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), joins)
    for pattern, joins in (
        (r"(?P<a>.{1,100}?) (?:added|añadió a|agregó a) (?P<t>.{1,2000}?)\.?", True),
        (r"(?P<a>.{1,100}?) (?:te añadió|te agregó|added you)\.?", False),
        (r"(?P<a>.{1,100}?) (?:joined using|joined from|joined via|se unió)" + _END, True),
        (r"(?:Se (?:añadió|agregó) a|You added|Añadiste a|Agregaste a) (?P<t>.{1,2000}?)\.?", True),
        (r"(?:You removed|Eliminaste a|Sacaste a) (?P<t>.{1,2000}?)\.?", False),
        (r"(?P<t>.{1,100}?) (?:was added|fue añadid[oa]|fue agregad[oa])\.?", True),
        (r"(?P<a>.{1,100}?) (?:removed|eliminó a|sacó a) (?P<t>.{1,2000}?)\.?", False),
        (r"(?P<t>.{1,100}?) (?:was removed|fue eliminad[oa]|left|salió)(?: (?:del grupo|the group))?\.?", False),
        (
            r"(?P<a>.{1,100}?) (?:created|creó) "
            r"(?:this |the |a )?(?:group|community|(?:el|este) grupo|(?:la|esta) comunidad)" + _END,
            False,
        ),
        (
            r"(?P<a>.{1,100}?) (?:changed|cambió|updated|actualizó|modificó) "
            r"(?:the|this|their|to|el|la|las|los|su|a|de)\b" + _END,
            False,
        ),
        (
            r"(?P<a>.{1,100}?) (?:deleted|eliminó|borró) "
            r"(?:this group's|the group|el ícono|el icono|la foto|la descripción)" + _END,
            False,
        ),
        (
            r"(?P<a>.{1,100}?) (?:turned o(?:n|ff)|activó|desactivó|pinned|fijó|reset|restableció|started|inició)"
            + _END,
            False,
        ),
        (
            r"(?P<a>.{1,100}?)(?:'s security code changed|(?: is|'re) now an admin| ahora es admin| ya no es admin)"
            + _END,
            False,
        ),
        (
            r"(?:El código de seguridad (?:con|de)|Cambió (?:el|tu) código de seguridad (?:con|de)) (?P<a>.{1,100}?)"
            r"(?: cambió)?" + _END,
            False,
        ),
    )
)
_NOBODY = {"you", "tú", "tu", "usted", "ti", "se"}
_AND = re.compile(r", | and | y ")
# A system line whose group name or subject holds ': ' must not be split there.
_QUOTED_SYSTEM = re.compile(
    r".{1,100}? (?:created (?:the )?group|changed the (?:subject|group name|group description|name)|creó el grupo|"
    r"cambió (?:el (?:asunto|nombre)|la descripción)|cambiaste (?:el (?:asunto|nombre))|creaste el grupo)\b"
    '[^:"“«]{0,60}["“«]',
    re.IGNORECASE,
)
GROUP_TITLE = re.compile(
    r"(?:created (?:the )?group|creó el grupo|creaste el grupo) [\"“«]([^\n]{1,200}?)[\"”»]\s*$",
    re.IGNORECASE | re.MULTILINE,
)
NAME_TITLE = re.compile(
    r"(?:WhatsApp Chat (?:with|-)|Chat de WhatsApp con|Conversación de WhatsApp con|Chat WhatsApp con) "
    r"(.{1,200}?)(?:\.txt|\.zip)?(?: ?\(\d+\))?(?:\.txt|\.zip)?$",
    re.IGNORECASE,
)

_BY_WORD = (
    ("image", ("image", "imagen", "foto", "photo")),
    ("video", ("video", "vídeo")),
    ("audio", ("audio", "voice", "voz")),
    ("sticker", ("sticker",)),
    ("animation", ("gif",)),
    ("document", ("document", "documento", "contact", "contacto")),
)
_BY_ENDING = {
    **dict.fromkeys(("jpg", "jpeg", "png", "heic", "gif"), "image"),
    **dict.fromkeys(("mp4", "mov", "3gp", "mkv", "avi"), "video"),
    **dict.fromkeys(("opus", "m4a", "aac", "mp3", "ogg", "amr", "wav"), "audio"),
    "webp": "sticker",
}


@dataclass(frozen=True)
class Attachment:
    """A file of a message: its `media.type` (None if not said), name and status, and the message's own words."""

    kind: str | None
    name: str | None
    status: str
    caption: str | None


def kind_of(name: str) -> str:
    """`media.type` by the ending of a file's name; GIFs are sent as videos named so."""
    if "-GIF-" in name:
        return "animation"
    return _BY_ENDING.get(name.rsplit(".", 1)[-1].lower(), "document")


def attachment(text: str) -> Attachment | None:
    """The file that a message carries or that was left out; None if it has none."""
    angle = ANGLE_ATTACHED.search(text)
    if angle:
        around = plain(text[: angle.start()] + text[angle.end() :]).strip()
        name = plain(angle[1]).strip()
        return Attachment(kind_of(name), name, "present", around or None)
    shown = plain(text).strip()
    attached = ATTACHED.fullmatch(shown)
    if attached:
        caption = (attached["caption"] or "").strip()
        return Attachment(kind_of(attached["name"]), attached["name"], "present", caption or None)
    return _omitted(text, shown)


def _omitted(text: str, shown: str) -> Attachment | None:
    named = _NAMED_OMITTED.fullmatch(shown)
    if named:
        return Attachment(kind_of(named["name"]), named["name"], "omitted", None)
    elsewhere = _ELSEWHERE.fullmatch(shown) if len(shown) < 250 else None
    if elsewhere:
        return Attachment(_kind_by_word(elsewhere["kind"] or elsewhere["tipo"]), None, "omitted", None)
    whole = OMITTED.fullmatch(shown)
    if whole:
        return Attachment(_kind_by_word(whole["kind"]), None, "omitted", None)
    first, _, rest = shown.partition("\n")
    if rest and first.startswith("<") and (found := OMITTED.fullmatch(first)):
        return Attachment(_kind_by_word(found["kind"]), None, "omitted", rest.strip() or None)
    before, mark, last = text.rpartition("\u200e")
    if mark and before.strip() and (found := OMITTED.fullmatch(plain(last).strip())):
        return Attachment(_kind_by_word(found["kind"]), None, "omitted", plain(before).strip() or None)
    return None


def _kind_by_word(words: str | None) -> str | None:
    low = (words or "").lower()
    return next((kind for kind, marks in _BY_WORD if any(m in low for m in marks)), None)


@dataclass(frozen=True)
class Event:
    """Who did it and whom it touched, as far as a system line says; ``joins``: these became members."""

    actor: str | None
    members: tuple[str, ...]
    joins: bool


def event(text: str) -> Event | None:
    """The members named by a system line; None if it is none that we know."""
    shown = plain(text).strip()
    if len(shown) > 2500:
        return None
    if ENCRYPTION.fullmatch(shown):
        return Event(None, (), False)
    for pattern, joins in _EVENTS:
        found = pattern.fullmatch(shown)
        if found:
            groups = found.groupdict()
            actor = _person(groups.get("a"))
            others = tuple(p for name in _AND.split(groups.get("t") or "") if (p := _person(name)))
            if joins and "t" not in groups and actor:
                others = (actor,)
            return Event(actor, others, joins)
    return None


def _person(name: str | None) -> str | None:
    name = (name or "").strip()
    return None if not name or name.lower() in _NOBODY else name


def starts_quoted(body: str) -> bool:
    """True for a system line whose quoted name may hold ': ', so that no author stands before it."""
    return _QUOTED_SYSTEM.match(plain(body)) is not None
