"""Runs trained elsewhere, too large for memory: their format, what is prepared from them once, and how they are read.

A run is a folder::

    run.json               what it is, written last: without it the run is unfinished
    items/part-*.parquet   code int32, id string, name string, listeners int64, plays double, factors list<float>
    users/part-*.parquet   code int32, id string, factors list<float>
    known/part-*.parquet   user int32, item int32, value float: the pairs it was trained on
    hidden/part-*.parquet  the same: the pairs it is judged by

Codes count from 0 and ascend through the parts in the order of their names; pairs ascend by user. `run.json` has
`format` (1), `model` ("als"), `target`, `title`, `created`, `users`, `items`, `pairs`, `factors`, and as objects
`settings`, `split`, `figures` and `versions`; a run from Spark says under `spark` its `regParam`.
"""

from recsys.scale.external_runs.external_run import ExternalRun
from recsys.scale.external_runs.index_build import Preparation, is_prepared
from recsys.scale.external_runs.manifest import Source, find_run, find_runs, read_run

__all__ = ["ExternalRun", "Preparation", "Source", "find_run", "find_runs", "is_prepared", "read_run"]
