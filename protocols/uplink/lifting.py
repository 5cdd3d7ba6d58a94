"""A waveform as a coarser one and what that leaves out, in whole numbers and reversibly.

Every second sample is expected between its neighbours, four of which say where (weights -1, 9, 9,
-1 of 16); the others are smoothed by what was not expected. Noise is then counted once, where a
difference to the sample before counts it twice. This is integer lifting (Calderbank, Daubechies,
Sweldens and Yeo 1998), applied twice.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int64]
LEVELS: Final = 2


def lift(samples: Samples) -> Samples:
    """As many numbers as samples: the finest details, then coarser ones, then what is left.

    Along the last axis: several waveforms of one length are lifted together.
    """
    coarse, parts = samples, []
    for _ in range(LEVELS):
        even, odd = coarse[..., ::2], coarse[..., 1::2]
        details = odd - _between(even, odd.shape[-1])
        coarse = even + _smoothing(details, even.shape[-1])
        parts.append(details)
    return np.concatenate([*parts, steps_of(coarse)], axis=-1)


def steps_of(samples: Samples) -> Samples:
    """Each sample less the one before it along the last axis, the first one as it is."""
    left = samples.copy()
    left[..., 1:] -= samples[..., :-1]
    return left


def lower(numbers: Samples) -> Samples:
    """The samples that `lift` made these numbers of."""
    lengths = [len(numbers)]
    for _ in range(LEVELS):
        lengths.append((lengths[-1] + 1) // 2)
    ends = np.cumsum([longer - shorter for longer, shorter in pairwise(lengths)])
    *parts, last = np.split(numbers, ends)
    coarse = np.cumsum(last)
    for details in reversed(parts):
        even = coarse - _smoothing(details, len(coarse))
        coarse = np.empty(len(even) + len(details), np.int64)
        coarse[::2] = even
        coarse[1::2] = details + _between(even, len(details))
    return coarse


def _between(even: Samples, count: int) -> Samples:
    """What is expected between each sample and the next; beyond the ends stands the last one."""
    if not count:
        return even[..., :0]
    last = even[..., -1:]
    wide = np.concatenate([even[..., :1], even, last, last], axis=-1)
    near = wide[..., 1 : 1 + count] + wide[..., 2 : 2 + count]
    far = wide[..., :count] + wide[..., 3 : 3 + count]
    between: Samples = (9 * near - far + 8) >> 4
    return between


def _smoothing(details: Samples, count: int) -> Samples:
    if not details.shape[-1]:
        return np.zeros((*details.shape[:-1], count), np.int64)
    first, last = details[..., :1], details[..., -1:]
    wide = np.concatenate([first, first, details, last, last], axis=-1)
    near = wide[..., 1 : 1 + count] + wide[..., 2 : 2 + count]
    far = wide[..., :count] + wide[..., 3 : 3 + count]
    smoothing: Samples = (9 * near - far + 16) >> 5
    return smoothing
