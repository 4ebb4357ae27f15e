#!/usr/bin/python3
"""forecast_peer.py FILE DRAWS: Monte Carlo of independent deals with NumPy, the peer of
forecast_bench. FILE holds pairs of float64: chance, amount. Prints seconds, P10, P50, P90."""

import sys
import time

import numpy as np

CHUNK = 100  # draws at a time: their uniform numbers fit the cache best

chance, amount = np.fromfile(sys.argv[1]).reshape(-1, 2).T.astype("f4")
draws = int(sys.argv[2])
start = time.perf_counter()
generator = np.random.default_rng(1)
sums = np.empty(draws)
for i in range(0, draws, CHUNK):
    won = generator.random((CHUNK, len(chance)), dtype="f4") < chance
    sums[i : i + CHUNK] = won.astype("f4") @ amount
quantiles = np.quantile(sums, [0.1, 0.5, 0.9])
seconds = time.perf_counter() - start
print(seconds, *(f"{q:.3f}" for q in quantiles))
