"""Encoding of rows in any store as coded pairs, in Spark tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from recsys.data.importing.archives import File
from recsys.data.importing.base import Columns, Table
from recsys.data.importing.expressions import MAX_VALUE
from recsys.data.importing.formats import generic
from recsys.data.importing.pairs import MAX_LABEL, WHOLE
from recsys.data.importing.readers.text_dialect import DELIMITERS
from recsys.data.importing.schema import choose
from recsys.errors import InputError

SAMPLED = 200  # rows by which the roles of columns are found
TEXT = re.compile(r"\.(csv|tsv|tab|txt|dat|data)(\.(gz|bz2|zst|zstd|lz4|snappy))?$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Rows:
    """Columns found at a path, before the rows are read.

    Attributes
    ----------
    table : DataFrame
        Columns `user`, `item`, `name` (text, no blanks at the ends) and `value` (double); null where it is not
        readable.
    columns : Columns
        Roles of the columns.
    """

    table: DataFrame
    columns: Columns


def read(spark: SparkSession, path: str, given: Mapping[str, str]) -> Rows:
    """Open Parquet, or text with a header line.

    Parameters
    ----------
    spark : SparkSession
    path : str
        Anything that Spark reads: a file or a folder, also `hdfs://`, `s3a://`, `gs://`, `abfss://`.
    given : mapping
        Roles of columns that the titles do not give.

    Raises
    ------
    InputError
        If nothing can be read there, or a column is missing.
    """
    try:
        found = _read_text(spark, path) if TEXT.search(path) else _read_parquet(spark, path)
    except AnalysisException as error:
        if "PATH_NOT_FOUND" in str(error):
            raise InputError(f"There is nothing at {path}.") from error
        raise InputError(f"{path} can be read neither as Parquet nor as text with columns.") from error
    columns = _choose(path, found, given)
    if not columns.user:
        raise InputError(f"No column of {path} is known to be the listener. Say which: --columns user=...")
    value = _text(found, columns.value).try_cast("double") if columns.value else F.lit(1.0)
    for drop in columns.drops:
        value = F.when(~F.expr(drop.test.replace("VARCHAR", "STRING").format(_quoted(drop.title))), value)
    return Rows(
        found.select(
            _label(found, columns.user).alias("user"),
            _label(found, columns.item).alias("item"),
            (_label(found, columns.name) if columns.name else F.lit(None).cast("string")).alias("name"),
            value.alias("value"),
        ),
        columns,
    )


def _choose(path: str, found: DataFrame, given: Mapping[str, str]) -> Columns:
    """Find the roles of the columns by their titles and the first rows, as for uploads."""
    rows = [["" if cell is None else str(cell) for cell in row] for row in found.limit(SAMPLED).collect()]
    table = Table(File(path), found.columns, rows)
    return choose(table, generic.columns(table), given)


def _read_parquet(spark: SparkSession, path: str) -> DataFrame:
    try:
        return spark.read.parquet(path)
    except AnalysisException as error:
        if "PATH_NOT_FOUND" in str(error):
            raise
        return _read_text(spark, path)


def _read_text(spark: SparkSession, path: str) -> DataFrame:
    first = spark.read.text(path).first()
    if first is None:
        raise InputError(f"{path} is empty.")
    separator = max(DELIMITERS, key=lambda mark: (first[0].count(mark), len(mark)))
    return spark.read.csv(path, sep=separator, header=True, quote='"', escape='"')


def _quoted(title: str) -> str:
    return f"`{title.replace('`', '``')}`"


def _text(table: DataFrame, title: str) -> Column:
    return F.trim(F.col(_quoted(title)).cast("string"))


def _label(table: DataFrame, title: str) -> Column:
    """Return labels as text, whole numbers without a decimal point."""
    if table.schema[title].dataType.typeName() in ("double", "float"):
        number = F.col(_quoted(title))
        whole = (F.floor(number) == number) & (F.abs(number) < 2.0**53)
        return F.when(whole, number.cast("bigint").cast("string")).otherwise(number.cast("string"))
    return _text(table, title)


def usable(rows: DataFrame) -> DataFrame:
    """Drop rows without labels or without a value above 0."""
    good: Any = F.col("value").between(0, MAX_VALUE) & (F.col("value").cast("float") > 0)
    for role in ("user", "item"):
        label = F.col(role)
        good = good & F.length(label).between(1, MAX_LABEL) & ~label.contains("\ufffd")
    return rows.where(good)


def pairs_of(rows: DataFrame) -> DataFrame:
    """Aggregate the rows of each pair; columns `user`, `item`, `value` (float) and `rows`."""
    added = rows.groupBy("user", "item").agg(F.sum("value").alias("value"), F.count("*").alias("rows"))
    return added.withColumn("value", F.col("value").cast("float"))


def names_of(rows: DataFrame) -> DataFrame:
    """Return one name for each item with names: the first alphabetically, since rows have no order."""
    named = rows.where(F.length("name") > 0)
    return named.groupBy("item").agg(F.substring(F.min("name"), 1, MAX_LABEL).alias("name"))


def in_order(labels: DataFrame, title: str) -> Column:
    """Return the sort key of labels: numeric if all are whole numbers, else text."""
    whole = labels.agg(F.min(F.col(title).rlike(WHOLE).cast("int"))).first()[0]
    return F.col(title).cast("bigint") if whole else F.col(title)


def number(table: DataFrame, order: list[Column], running: dict[str, Column], place: str) -> DataFrame:
    """Sort a table and add running sums, without collecting it on one machine.

    Parameters
    ----------
    table : DataFrame
    order : list of Column
        Unique for each row.
    running : dict of str to Column
        New columns (bigint): sums of these over all previous rows.
    place : str
        Folder for the sorted table: computed again, its parts could differ.
    """
    part = F.spark_partition_id().alias("part")
    table.repartitionByRange(*order).select("*", part).write.mode("overwrite").parquet(place)
    table = table.sparkSession.read.parquet(place)
    sums = [F.sum(what).alias(name) for name, what in running.items()]
    parts = [tuple(row) for row in table.groupBy("part").agg(*sums).orderBy("part").collect()]
    before = [accumulate((row[1 + at] for row in parts[:-1]), initial=0) for at in range(len(running))]
    starts = list(zip((row[0] for row in parts), *before, strict=True))
    fields = ", ".join(["part int", *(f"{name}_before bigint" for name in running)])
    here = Window.partitionBy("part").orderBy(*order).rowsBetween(Window.unboundedPreceding, -1)
    inside = {name: F.coalesce(F.sum(what).over(here), F.lit(0)) for name, what in running.items()}
    offsets = table.sparkSession.createDataFrame(starts, fields)
    return (
        table.join(F.broadcast(offsets), "part")
        .withColumns({name: (sums + F.col(f"{name}_before")).cast("bigint") for name, sums in inside.items()})
        .drop("part", *offsets.columns)
    )
