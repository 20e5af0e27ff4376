"""The web pages: a case shown read-only over loopback, without a database and without a request to anywhere.

``serve.py`` starts the server, ``library.py`` holds the pinned tables and the evidence, ``index.py`` builds the
cache that makes lists and search fast, one module per subject gives plain data, ``views.py`` answers requests.
"""
