"""Addresses. Every page that shows data has a twin that ends in ``.json``."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from tecolote.web import views


class HexConverter:
    """Lower-case hexadecimal digits: keys and hashes."""

    regex = "[0-9a-f]{20}|[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(HexConverter, "hex")


def _both(route: str, view: views.View, name: str) -> list[URLPattern]:
    return [
        path(route, view, name=name),
        path(f"{route or 'overview'}.json", view, {"as_json": True}, name=f"{name}-json"),
    ]


urlpatterns = [
    *_both("", views.show_overview, "overview"),
    *_both("posts", views.show_posts, "posts"),
    *_both("post/<hex:key>", views.show_post, "post"),
    *_both("accounts", views.show_accounts, "accounts"),
    *_both("account/<hex:key>", views.show_account, "account"),
    *_both("network", views.show_network, "network"),
    *_both("network/line/<hex:one>/<hex:other>", views.show_line, "line"),
    *_both("media", views.show_media, "media"),
    *_both("sources", views.show_sources, "sources"),
    *_both("observations", views.show_observations, "observations"),
    path("picture/<hex:sha256>", views.send_picture, name="picture"),
    path("language/<slug:code>", views.choose_language, name="language"),
]

handler404 = "tecolote.web.views.not_found"
handler500 = "tecolote.web.views.failed"
