"""The calibration plot: what probabilities were said, and how often it was so."""

from __future__ import annotations

from typing import Any

from tecolote.publish.charts import INK, MUTED, to_svg


def plot(bins: list[dict[str, float]], error: float) -> str:
    """SVG of a reliability diagram (DeGroot and Fienberg 1983) with 95 % intervals; the diagonal is exact."""
    axis = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    x, y = {**axis, "field": "said", "title": "probability said"}, {**axis, "field": "so", "title": "share that is so"}
    spec: dict[str, Any] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": f"Calibration (expected error {error:.3f})",
        "width": 320,
        "height": 320,
        "layer": [
            {
                "data": {"values": [{"said": 0, "so": 0}, {"said": 1, "so": 1}]},
                "mark": {"type": "line", "color": MUTED, "strokeDash": [4, 4]},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": bins},
                "mark": {"type": "rule", "color": INK},
                "encoding": {"x": x, "y": {**axis, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": bins},
                "mark": {"type": "circle", "color": INK, "opacity": 1},
                "encoding": {"x": x, "y": y, "size": {"field": "cases", "type": "quantitative", "title": "cases"}},
            },
        ],
    }
    return to_svg(spec, "en")
