"""External runs: models trained elsewhere that outgrow memory, indexed once and read from disk.

A run is a folder::

    run.json               metadata, written last: without it the run is unfinished
    items/part-*.parquet   code int32, id string, name string, listeners int64, plays double, factors list<float>
    users/part-*.parquet   code int32, id string, factors list<float>
    known/part-*.parquet   user int32, item int32, value float: the training pairs
    hidden/part-*.parquet  the same: the held-out pairs

Codes count from 0 and ascend through the parts in the order of their names; pairs ascend by user. `run.json` has
`format` (1), `model` ("als"), `target`, `title`, `created`, `users`, `items`, `pairs`, `factors`, and as objects
`settings`, `split`, `figures` and `versions`; a run from Spark says under `spark` its `regParam`. Of
data that is not music, `nouns` says what the screen calls things, as the fields of `recsys.data.nouns.Nouns`.
"""

from recsys.scale.external_runs.external_run import ExternalRun
from recsys.scale.external_runs.index_build import IndexBuild, is_indexed
from recsys.scale.external_runs.manifest import Manifest, find_run, find_runs, read_manifest

__all__ = ["ExternalRun", "IndexBuild", "Manifest", "find_run", "find_runs", "is_indexed", "read_manifest"]
