"""Every verb as one function: what the command line, the web and a notebook call.

A verb opens the case, does its work and returns plain values; it prints nothing. There is one module per room that the
verbs speak for. Imports of rooms are inside the functions, so that each verb loads only what it needs.
"""

from tecolote.verbs.corpus import (
    ended_consents,
    fail_if_nothing_read,
    import_exports,
    init,
    provenance,
    rebuild,
    sources,
)
from tecolote.verbs.demo import StepTimer, import_demo, write_demo
from tecolote.verbs.evidence import check_witness, custody, rotate, timestamp, verify, witness
from tecolote.verbs.lifecycle import (
    accept,
    backup,
    erase,
    finish_erasure,
    handover,
    hold,
    holds,
    key_text,
    lift_redaction,
    new_keeper,
    new_key,
    preview_erasure,
    redact,
    redactions,
    release,
    restore,
    stop,
    write_pair,
)
from tecolote.verbs.networks import census, coaction, network
from tecolote.verbs.progress import Progress
from tecolote.verbs.publish import export, packet, preservation_clocks, preservation_sent, preserve, report
from tecolote.verbs.signals import analyze, codebook_check, codebook_diff, codebook_try, evaluate, score, train

__all__ = [
    "Progress",
    "StepTimer",
    "accept",
    "analyze",
    "backup",
    "census",
    "check_witness",
    "coaction",
    "codebook_check",
    "codebook_diff",
    "codebook_try",
    "custody",
    "ended_consents",
    "erase",
    "evaluate",
    "export",
    "fail_if_nothing_read",
    "finish_erasure",
    "handover",
    "hold",
    "holds",
    "import_demo",
    "import_exports",
    "init",
    "key_text",
    "lift_redaction",
    "network",
    "new_keeper",
    "new_key",
    "packet",
    "preservation_clocks",
    "preservation_sent",
    "preserve",
    "preview_erasure",
    "provenance",
    "rebuild",
    "redact",
    "redactions",
    "release",
    "report",
    "restore",
    "rotate",
    "score",
    "sources",
    "stop",
    "timestamp",
    "train",
    "verify",
    "witness",
    "write_demo",
    "write_pair",
]
