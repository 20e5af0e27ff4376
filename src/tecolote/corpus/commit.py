"""Making tables visible: evidence first, then the leaf that names the manifest, then the manifest."""

from __future__ import annotations

import json
from hashlib import sha256

from tecolote.corpus.store import MANIFEST, Writing, read_manifest
from tecolote.evidence import Checkpoint, Evidence


def publish_tables(evidence: Evidence, writing: Writing) -> Checkpoint:
    """Commit the evidence, log the manifest's hash, and put the manifest in place; the checkpoint.

    The order matters: bytes and leaves first, then the leaf that names the manifest, then the manifest.
    Where nothing has changed nothing is logged.
    """
    checkpoint = evidence.commit()
    in_force = read_manifest(writing.case)
    manifest = writing.manifest({"size": checkpoint.size, "root": checkpoint.root})
    unread = any(e.index >= in_force["checkpoint"]["size"] for e in evidence.events("import.file"))
    if json.loads(manifest)["files"] == in_force["files"] and not unread:
        return checkpoint
    digest = sha256(manifest).hexdigest()
    # The hash of the manifest being replaced lets `verify` accept it if we are stopped before the rename.
    now = writing.case.corpus_folder / MANIFEST
    replaced = sha256(now.read_bytes()).hexdigest() if now.exists() else None
    public = {"manifest_sha256": digest, "replaces_sha256": replaced}
    evidence.append("tables", payload={"checkpoint": checkpoint.size}, public=public)
    checkpoint = evidence.commit()
    writing.commit(manifest)
    writing.sweep()
    return checkpoint
