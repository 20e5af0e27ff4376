"""One private chat of WhatsApp: the extortion of a shopkeeper, as an Android phone set to es-MX exports it.

Day periods stand behind a narrow no-break space and hold a no-break space; the name of the archive is the phone's own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tecolote.demo.formats.common import zip_files
from tecolote.demo.timeline import Writer
from tecolote.demo.world import LOCAL, START, World

VICTIM = "Rogelio Amaro"
CALLER = "+52 55 5555 0143"
_NOTICE = (
    "Los mensajes y las llamadas están cifrados de extremo a extremo. Solo las personas en este chat pueden leerlos, "
    "escucharlos o compartirlos."
)


def write_whatsapp(world: World, writer: Writer, folder: Path) -> None:
    """Write the zip: demands, answers, a deleted message and a picture that was left out."""
    rng = world.rng
    at = datetime(2024, 5, 28, 23, 5, tzinfo=START.tzinfo)
    lines = [f"{_when(at)} - {_NOTICE}"]
    shopkeeper = next(a for a in world.accounts if a.role == "victim")
    group = next(a.group for a in world.on("x", "ring"))
    lookup = writer.values(shopkeeper, shopkeeper.town, group)
    for number in range(44):
        at += timedelta(minutes=rng.choice((1, 2, 4, 9, 35, 700, 1500)))
        caller = number % 3 != 1
        text = writer.grammar.expand("x.demand" if caller else "x.answer", lookup, rng)
        if number == 17:
            text = "<Multimedia omitido>"
        elif number == 23:
            text = "Se eliminó este mensaje."
        elif number == 30:
            text = f"IMG-{at + LOCAL:%Y%m%d}-WA0004.jpg (archivo adjunto)"
        elif number % 11 == 5:
            text += " <Se editó este mensaje.>"
        elif number % 13 == 6:
            text += "\nconteste: es por su bien"
        lines.append(f"{_when(at)} - {CALLER if caller else VICTIM}: {text}")
        lookup = writer.values(shopkeeper, shopkeeper.town, group)
    name = f"Chat de WhatsApp con {CALLER}"
    zip_files(folder / f"{name}.zip", [(f"{name}.txt", ("\n".join(lines) + "\n").encode(), at)])


def _when(at: datetime) -> str:
    local = at + LOCAL
    period = "a.\u00a0m." if local.hour < 12 else "p.\u00a0m."
    return f"{local.day}/{local.month}/{local:%y}, {local.hour % 12 or 12}:{local:%M}\u202f{period}"


CONSENT = f"""# Consent record of the demo. The giver does not exist; the chat is invented.
giver = "{VICTIM}"
given_on = 2025-03-01
purpose = "Documentation of an extortion for a complaint and for anonymous statistics (fictional demo)"
until = 2045-12-31
contact = "acompanamiento@colectivo.example"
"""
