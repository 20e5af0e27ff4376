"""One function per page. Each makes plain data; the same data is drawn as HTML or printed as JSON (``.json``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tecolote.web import accounts, line, media, network, observations, overview, paging, post, posts, sources, trail
from tecolote.web.accounts import Name
from tecolote.web.library import ENVIRON_KEY, Pin
from tecolote.web.text import Segment

Make = Callable[..., tuple[str, dict[str, Any]]]
View = Callable[..., HttpResponse]


class Encoder(DjangoJSONEncoder):
    """JSON of what pages show: hashes as hexadecimal digits, a protected name never."""

    def default(self, o: object) -> Any:
        """What JSON has no words for."""
        if isinstance(o, bytes):
            return o.hex()
        if isinstance(o, Name):
            return None if o.is_masked else o.shown
        if isinstance(o, Segment):
            return o.as_dict()
        if isinstance(o, paging.Page):
            return {"total": o.total, "before": o.previous, "after": o.next, "rows": o.rows}
        if is_dataclass(o) and not isinstance(o, type):
            return asdict(o)
        return super().default(o)


def pin_of(request: HttpRequest) -> Pin:
    """The state of the case that this request shows."""
    pin: Pin = request.META[ENVIRON_KEY].pin()
    return pin


def page(make: Make) -> View:
    """A view out of a function ``(request, pin, ...) -> (template, data)``."""

    @require_safe
    def view(request: HttpRequest, *, as_json: bool = False, **kwargs: Any) -> HttpResponse:
        pin, template, data = _made(make, request, kwargs)
        if as_json:
            told = {"case": pin.case.settings.title, "fictional": pin.case.settings.fictional, **data}
            return JsonResponse(told, encoder=Encoder, json_dumps_params={"ensure_ascii": False, "indent": 1})
        return render(request, template, data | chrome(request, pin))

    view.__doc__ = make.__doc__
    return view


def _made(make: Make, request: HttpRequest, kwargs: dict[str, Any]) -> tuple[Pin, str, dict[str, Any]]:
    """What ``make`` gives; once more if a writer has meanwhile removed the tables of the state that was read."""
    import duckdb

    pin = pin_of(request)
    try:
        return pin, *make(request, pin, **kwargs)
    except duckdb.IOException:
        newer = pin_of(request)
        if newer is pin:
            raise
        return newer, *make(request, newer, **kwargs)


def chrome(request: HttpRequest, pin: Pin) -> dict[str, Any]:
    """What every page needs around its own data."""
    return {
        "case": pin.case.settings,
        "zone": pin.zone,
        "zone_name": pin.zone.key,
        "state": pin.corpus.checkpoint,
        "here": request.path,
        "language": get_language(),
        "as_json": f"{request.path.rstrip('/') or '/overview'}.json",
    }


@page
def show_overview(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """Totals and what to look at first."""
    return "overview.html", overview.overview(pin)


@page
def show_posts(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """Posts, filtered and searched."""
    filters = posts.Filters.of(request.GET)
    found = posts.find(pin, filters, request.GET)
    return "posts.html", {"filters": filters, "page": found, "facets": posts.facets(pin)}


@page
def show_post(request: HttpRequest, pin: Pin, key: str) -> tuple[str, dict[str, Any]]:
    """One post with its reasons and its evidence trail."""
    found = post.one(pin, key)
    if found is None:
        raise Http404
    proof = trail.trail(pin, found["source"])
    # The record and the address name their author: as masked as the name itself.
    protected = found["post"]["protected"]
    proof["raw"] = accounts.masked(proof.get("raw"), protected)
    found["post"]["url"] = accounts.masked(found["post"]["url"], protected)
    found["trail"] = proof
    return "post.html", found


@page
def show_accounts(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """Accounts, most flagged first."""
    return "accounts.html", {"page": accounts.find(pin, request.GET), **accounts.facets(pin)}


@page
def show_account(request: HttpRequest, pin: Pin, key: str) -> tuple[str, dict[str, Any]]:
    """One account."""
    found = accounts.one(pin, key)
    if found is None:
        raise Http404
    newest = posts.find(pin, posts.Filters(account=key, sort="urgent"), request.GET)
    return "account.html", {**found, "page": newest}


@page
def show_network(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """A network as a picture and as a list; as JSON the graph itself."""
    offered = network.kinds(pin)
    wanted = (request.GET.get("view"), request.GET.get("kind"))
    chosen = next((k for k in offered if (k["view"], k["kind"]) == wanted), offered[0] if offered else None)
    graph = network.graph(pin, chosen["view"], chosen["kind"]) if chosen else None
    listed = network.lines(graph, paging.rank_of(request.GET, "from") or 0)
    found = {"kinds": offered, "chosen": chosen, "graph": graph, "lines": listed}
    return "network.html", found | {"clusters": network.clusters(graph)}


@page
def show_line(request: HttpRequest, pin: Pin, one: str, other: str) -> tuple[str, dict[str, Any]]:
    """The evidence behind one line of a network."""
    wanted = request.GET.get("view", ""), request.GET.get("kind", "")
    offered = {(k["view"], k["kind"]) for k in network.kinds(pin)}
    found = line.line(pin, *wanted, one, other) if wanted in offered else None
    if found is None:
        raise Http404
    return "line.html", found


@page
def show_media(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """Media, each blurred until revealed."""
    return "media.html", {"page": media.find(pin, request.GET), "facets": media.facets(pin)}


@page
def show_sources(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """What was imported and how it was read."""
    return "sources.html", sources.sources(pin)


@page
def show_observations(request: HttpRequest, pin: Pin) -> tuple[str, dict[str, Any]]:
    """Who saw which state of what, when."""
    return "observations.html", {"page": observations.find(pin, request.GET), "facets": observations.facets(pin)}


@require_safe
def send_picture(request: HttpRequest, sha256: str) -> HttpResponse:
    """Bytes of a picture that is in evidence; 404 for everything else."""
    found = media.picture(pin_of(request), sha256)
    if found is None:
        raise Http404
    raw, kind = found
    response = HttpResponse(raw, content_type=kind)
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def choose_language(request: HttpRequest, code: str) -> HttpResponse:
    """Remember the language in a cookie and go back to where the link was."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    response = HttpResponseRedirect(target)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=31536000, httponly=True, samesite="Strict")
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "error.html", {"title_code": 404, **chrome(request, pin_of(request))}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """The page for a defect of ours; no library is asked, because that may be what failed."""
    return render(request, "failed.html", {}, status=500)
