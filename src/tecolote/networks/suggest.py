"""A time window out of the data, where nobody knows one.

The estimate of CooRnet (Giglietto, Righetti, Rossi and Marino 2020, `estimate_coord_interval`): among the tenth
of the objects whose second share came quickest, the median time until more than half of the shares were made.
It is a suggestion: it says what is quick in these data, not what is unusual.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tecolote.networks.eventtable import number

#: Where no object was shared twice, the window that is used without data.
DEFAULT = 60


def suggest_window(events: pa.Table) -> int:
    """Seconds; at least 1, and `DEFAULT` where no object was shared twice.

    Raises:
        EventsRefused: see `tecolote.networks.eventtable.check`.
    """
    numbered = number(events)
    order = np.lexsort((numbered.t, numbered.o))
    o, t = numbered.o[order], numbered.t[order]
    starts = np.flatnonzero(np.concatenate([[True], o[1:] != o[:-1]])) if len(o) else np.empty(0, np.int64)
    size = np.diff(np.append(starts, len(o)))
    starts, size = starts[size > 1], size[size > 1]
    if len(starts) == 0:
        return DEFAULT
    second = t[starts + 1] - t[starts]
    quick = second <= np.quantile(second, 0.1)
    half = t[starts + size // 2] - t[starts]
    return max(1, int(np.median(half[quick])))
