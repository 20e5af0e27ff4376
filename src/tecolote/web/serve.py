"""The server: Django without a database, behind waitress, on a loopback address unless told otherwise."""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tecolote.case import Case, keys_folder, write_durably
from tecolote.errors import UsageError
from tecolote.web.library import ENVIRON_KEY, Library

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FOLDER = Path(__file__).parent
_THREADS = 6


def secret_key() -> str:
    """The key that signs cookies: made once, kept in the user's key folder, readable by the owner only."""
    path = keys_folder() / "web-secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        old = os.umask(0o077)
        try:
            write_durably(path, secrets.token_urlsafe(48).encode())
        finally:
            os.umask(old)
    return path.read_text("ascii")


def configure(hosts: Iterable[str] = ()) -> None:
    """Set Django up in this process; a second call changes nothing.

    Args:
        hosts: names under which the server may be asked, besides the loopback ones.
    """
    import django
    from django.conf import settings

    if settings.configured:
        return
    settings.configure(
        DEBUG=False,
        SECRET_KEY=secret_key(),
        ALLOWED_HOSTS=["127.0.0.1", "localhost", "[::1]", *hosts],
        ROOT_URLCONF="tecolote.web.urls",
        INSTALLED_APPS=[],
        DATABASES={},
        MIDDLEWARE=[
            "tecolote.web.middleware.Guard",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [FOLDER / "templates"],
                "OPTIONS": {
                    "builtins": [
                        "tecolote.web.templatetags.tecolote",
                        "django.templatetags.i18n",
                        "django.templatetags.l10n",
                        "django.templatetags.static",
                    ],
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        STATIC_URL="/static/",
        LANGUAGES=[("en", "English"), ("es", "Español")],
        LANGUAGE_CODE="en",
        LANGUAGE_COOKIE_NAME="tecolote_language",
        LOCALE_PATHS=[FOLDER / "locale"],
        USE_TZ=True,
        USE_THOUSAND_SEPARATOR=False,
        DATA_UPLOAD_MAX_MEMORY_SIZE=1 << 16,
        LOGGING={"version": 1, "disable_existing_loggers": False},
    )
    django.setup()


def application(case: Case, hosts: Iterable[str] = ()) -> Application:
    """The pages of ``case`` as a WSGI application, static files included."""
    configure(hosts)
    from django.core.wsgi import get_wsgi_application
    from whitenoise import WhiteNoise

    from tecolote.web.middleware import HEADERS

    library = Library(case)
    library.pin()
    pages = get_wsgi_application()

    def with_case(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[ENVIRON_KEY] = library
        return pages(environ, start_response)

    def same_headers(headers: Any, path: str, url: str) -> None:
        for name, value in HEADERS.items():
            headers[name] = value

    served: Application = WhiteNoise(
        with_case, root=FOLDER / "static", prefix="static/", add_headers_function=same_headers, max_age=0
    )
    served.add_files(FOLDER.parent / "publish" / "fonts", prefix="static/fonts/")  # type: ignore[attr-defined]
    return served


def serve(
    case: Case,
    host: str = "127.0.0.1",
    port: int = 8347,
    ready: Callable[[str], None] | None = None,
    *,
    allow_remote: bool = False,
) -> None:
    """Show ``case`` until stopped with Ctrl-C.

    Args:
        case: the case; it is only read.
        host: address to listen on.
        port: port; 0 takes a free one.
        ready: called once with the address, when the server answers; by default it is printed on standard error.
        allow_remote: permit an address that other machines can reach. There is no log-in: who reaches the address
            reads the case.

    Raises:
        UsageError: ``host`` is not a loopback address, or the port is taken.
    """
    import waitress

    if not allow_remote and not _is_loopback(host):
        raise UsageError(f"{host} can be reached by other machines", "Leave out --host, or use a tunnel to 127.0.0.1")
    app = application(case, [host])
    try:
        server = waitress.create_server(app, host=host, port=port, threads=_THREADS, ident="tecolote")
    except OSError as error:
        raise UsageError(f"port {port} on {host} cannot be used: {error.strerror}", "Choose another --port") from None
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{server.effective_port}/"
    if ready is None:
        print(f"{address}  (Ctrl-C stops)", file=sys.stderr, flush=True)
    else:
        ready(address)
    try:
        server.run()
    finally:
        server.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
