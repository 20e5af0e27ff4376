"""Verbs of what happens to a case in time: erasure, holds, backup, handover."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tecolote.case import Case
from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.evidence.fault import Fault
    from tecolote.lifecycle.backup import Backup
    from tecolote.lifecycle.erase import Erased, Grounds
    from tecolote.lifecycle.handover import Handover
    from tecolote.lifecycle.plan import Plan, Wish
    from tecolote.verbs.progress import Progress


def erase(
    case_dir: Path, wish: Wish, grounds: Grounds, *, with_neighbours: bool = False, progress: Progress | None = None
) -> Erased:
    """Destroy records or files of a case for good; see `tecolote.lifecycle.erase.erase`."""
    from tecolote.lifecycle.erase import erase as run

    return run(Case.open(case_dir), wish, grounds, with_neighbours=with_neighbours, progress=progress)


def preview_erasure(case_dir: Path, wish: Wish) -> Plan:
    """What an erasure would take; nothing is changed."""
    from tecolote.lifecycle.erase import plan

    return plan(Case.open(case_dir), wish)


def finish_erasure(case_dir: Path) -> bool:
    """Go on with an erasure that was stopped; whether there was one."""
    from tecolote.lifecycle.erase import finish

    return finish(Case.open(case_dir))


def stop(case_dir: Path, item: str, by: str, second: str, basis: str = "", progress: Progress | None = None) -> Erased:
    """Destroy a file that may be child-abuse material and put its hash on the stop list; see `.stop.stop`."""
    from tecolote.lifecycle.erase import Grounds
    from tecolote.lifecycle.stop import BASIS
    from tecolote.lifecycle.stop import stop as run

    return run(Case.open(case_dir), item, Grounds(basis or BASIS, by, second), progress)


def holds(case_dir: Path) -> list[dict[str, Any]]:
    """The legal holds in force."""
    from tecolote.evidence import Evidence
    from tecolote.evidence.hold import holds as in_force

    with Evidence.open(Case.open(case_dir)) as evidence:
        return [asdict(hold) for hold in in_force(evidence)]


def hold(case_dir: Path, reason: str, by: str, items: str = "", files: tuple[int, ...] = ()) -> int:
    """Forbid erasure: of the files named, of those that hold the posts of a query, or of the whole case; its leaf.

    Raises:
        UsageError: reason or name is missing, or the query fits nothing.
    """
    from tecolote.corpus.store import Corpus
    from tecolote.evidence import Evidence
    from tecolote.evidence.hold import place_hold
    from tecolote.lifecycle.plan import leaves_of

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        about = set(files)
        if items:
            found = leaves_of(case, Corpus(case), items)
            if not found:
                raise UsageError("no post fits", "Widen the items, or leave them out to hold the whole case")
            about |= found
        leaf = place_hold(evidence, reason, by, about)
        evidence.commit()
    return leaf


def release(case_dir: Path, leaf: int, reason: str, by: str) -> int:
    """End a hold; the leaf of that event."""
    from tecolote.evidence import Evidence
    from tecolote.evidence.hold import release_hold

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        done = release_hold(evidence, leaf, reason, by)
        evidence.commit()
    return done


def new_key(path: Path) -> str:
    """Make a key pair for backups: the secret in the new file ``path``, the public key beside it in ``path.pub``."""
    from tecolote.evidence.age import new_identity, recipient_of

    secret = new_identity()
    write_pair(path, secret, recipient_of(secret))
    return recipient_of(secret)


def write_pair(path: Path, secret: str, public: str) -> None:
    """Write a secret for its owner only, and the public half beside it.

    Raises:
        UsageError: the file exists.
    """
    import os

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} exists already", "Name a new file") from None
    with os.fdopen(handle, "w") as out:
        out.write(f"{secret}\n")
        out.flush()
        os.fsync(out.fileno())
    path.with_name(f"{path.name}.pub").write_text(f"{public}\n")


def backup(case_dir: Path, out: Path, *, to: str, passphrase: str, progress: Progress | None = None) -> Backup:
    """Write an encrypted backup; ``to`` is a public key or a file that holds one."""
    from tecolote.lifecycle.backup import backup as run

    return run(Case.open(case_dir), out, recipient=key_text(to), passphrase=passphrase, progress=progress)


def restore(
    path: Path, case_dir: Path, *, identity: Path | None, passphrase: str, progress: Progress | None = None
) -> list[Fault]:
    """Put a backup back as the new folder ``case_dir``; what does not hold."""
    from tecolote.lifecycle.backup import restore as run

    secret = identity.read_text("ascii").strip() if identity is not None else ""
    return run(path, case_dir, identity=secret, passphrase=passphrase, progress=progress)


def key_text(given: str) -> str:
    """A key as given, or as it stands in the file given."""
    return Path(given).read_text("ascii").strip() if given and Path(given).is_file() else given


def new_keeper(path: Path) -> str:
    """Make the key pair of a keeper to be: the secret in the new file ``path``, the public text in ``path.pub``."""
    from tecolote.lifecycle.handover import new_keeper as make

    secret, public = make()
    write_pair(path, secret, public)
    return public


def handover(
    case_dir: Path, to: str, out: Path, *, by: str, recipient: str, purpose: str, progress: Progress | None = None
) -> Handover:
    """Write a case for its new keeper; ``to`` is the public text or a file that holds it."""
    from tecolote.lifecycle.handover import handover as run

    case = Case.open(case_dir)
    return run(case, key_text(to), out, by=by, recipient=recipient, purpose=purpose, progress=progress)


def accept(path: Path, case_dir: Path, secret: Path) -> Case:
    """Take over a case as the new folder ``case_dir``."""
    from tecolote.lifecycle.handover import accept as run

    return run(path, case_dir, secret.read_text("ascii").strip())


def redact(case_dir: Path, kind: str, value: str, reason: str, by: str) -> int:
    """Withhold a text, an expression or an attachment from what leaves the case; the leaf."""
    from tecolote.evidence import Evidence
    from tecolote.publish.redact import Redaction
    from tecolote.publish.redact import redact as log

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        leaf = log(evidence, Redaction(kind, value, reason, by))
        evidence.commit()
    return leaf


def lift_redaction(case_dir: Path, leaf: int, reason: str, by: str) -> int:
    """End a redaction; the leaf of that event."""
    from tecolote.evidence import Evidence
    from tecolote.publish.redact import lift

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        done = lift(evidence, leaf, reason, by)
        evidence.commit()
    return done


def redactions(case_dir: Path) -> list[dict[str, Any]]:
    """The redactions in force."""
    from tecolote.evidence import Evidence
    from tecolote.publish.redact import in_force

    with Evidence.open(Case.open(case_dir)) as evidence:
        return [{"leaf": leaf, **vars(redaction)} for leaf, redaction in in_force(evidence).items()]
