"""WhatsApp chats exported as text, alone or as the ``_chat.txt`` of a zip."""

from tecolote.sources.whatsapp.reader import READER, WhatsApp

__all__ = ["READER", "WhatsApp"]
