"""Private conversations in formats that no reader reads yet.

They are recognised so that nobody's messages are kept without consent merely because we cannot parse
them. A format leaves this list when its reader answers `chats` itself.
"""

from __future__ import annotations

import re

# A shape is recognised when all of its marks occur; each mark is found in one linear pass.
_SHAPES: tuple[tuple[tuple[re.Pattern[bytes], ...], str], ...] = (
    (
        (re.compile(rb'"dmConversation"\s*:'),),
        "direct messages of an X archive, in a form that its reader does not know",
    ),
    (
        (re.compile(rb"chat\.bsky\.convo"),),
        "private messages of Bluesky",
    ),
    (
        (re.compile(rb'"Media Type"\s*:'), re.compile(rb'"From"\s*:'), re.compile(rb'"Created"\s*:')),
        "a chat history of Snapchat",
    ),
    (
        (re.compile(rb'"(?:dataMessage|syncMessage)"\s*:'), re.compile(rb'"source(?:Number|Uuid)"\s*:')),
        "messages of Signal",
    ),
    (
        (re.compile(rb'"[\w.:-]{3,60}@(?:s\.whatsapp\.net|g\.us|lid)"'), re.compile(rb'"from_?[mM]e"\s*:')),
        "WhatsApp messages taken out of a backup",
    ),
    (
        (re.compile(rb'"creator"\s*:'), re.compile(rb'"created_date"\s*:'), re.compile(rb'"topic_id"\s*:')),
        "messages of Google Chat",
    ),
    (
        (re.compile(rb'"chat_message"\s*:'), re.compile(rb'"gaia_id"\s*:')),
        "messages of Google Hangouts",
    ),
    (
        (re.compile(rb'class="message default clearfix'),),
        "a Telegram chat in HTML, in a form that its reader does not know",
    ),
)


def recognise(head: bytes, name: str) -> str:
    """What private conversation ``head`` looks like, in words, or ''.

    ``name`` is not used to clear a file: exports are renamed.
    """
    if head.startswith(b"\xef\xbb\xbf"):
        head = head[3:]
    return next((words for marks, words in _SHAPES if all(mark.search(head) for mark in marks)), "")
