"""The complementary error function, which NumPy lacks.

``erfc(x) = t · exp(-x²) · p(2t - 1)`` for ``x >= 0`` with ``t = 2 / (2 + x)``. The function
``p`` is smooth on [-1, 1] and its Chebyshev coefficients, computed to 40 digits from the
definition, fall fast: 24 of them give a relative error of 4e-15, 12 give 1e-8.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.chebyshev import cheb2poly

from cnncalc.numerics.arrays import Array

_CHEBYSHEV = (
    0.577033738616469689,
    0.355436921270498487,
    0.0650951588287865246,
    0.00367114239583663917,
    -0.0011128447433526325,
    -0.000160758299153780798,
    3.27803157417313706e-5,
    5.44244164550501605e-6,
    -1.51546655531714818e-6,
    -1.42976081811698636e-7,
    8.23460882741939249e-8,
    -1.29628468523065052e-9,
    -4.15472163101519845e-9,
    6.34705827836275649e-10,
    1.43208227122572481e-10,
    -6.1603901052059316e-11,
    2.06121385548680066e-12,
    3.57149314883412445e-12,
    -8.5864228431471023e-13,
    -6.14560021436801673e-14,
    7.41872574861743499e-14,
    -1.28950427496509978e-14,
    -2.35872639585626193e-15,
    1.57293495153059476e-15,
)
_DOUBLE = [float(value) for value in cheb2poly(_CHEBYSHEV)]
_SINGLE = [float(value) for value in cheb2poly(_CHEBYSHEV[:12])]


def erfc(x: Array) -> Array:
    """``1 - erf(x)``, element by element, accurate to a few units of the last place."""
    size = np.abs(x)
    t = 2 / (2 + size)
    u = 2 * t - 1
    coefficients = _SINGLE if x.dtype == np.float32 else _DOUBLE
    total = np.full_like(u, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= u
        total += coefficient
    total *= t
    size *= size
    np.negative(size, out=size)
    total *= np.exp(size, out=size)
    return np.where(x < 0, 2 - total, total)
