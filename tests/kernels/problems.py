"""Small problems that more than one test of the kernels starts from."""

import numpy as np

from recsys.kernels import sgd


def implicit_problem(random, factors, n_users=7, n_items=9):
    """Return p, q, the steps of users and items, and both spectra for `sgd_implicit`."""
    p, q = (random.normal(size=(n, factors)).astype(np.float32) / factors for n in (n_users, n_items))
    steps = []
    for rows in (p, q):
        part = np.empty(len(rows), sgd.ROW_STEP)
        part["total"] = 0.1
        part["zeros"], part["decay"] = random.random((2, len(rows)))
        part["weight"] = 1 + random.random(len(rows))
        steps.append(part)
    spectra = [3 * random.random(factors, np.float32) for _ in range(2)]
    return p, q, *steps, *spectra
