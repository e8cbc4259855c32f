"""Training and recommendation on Apache Spark; the only package that imports pyspark, and only on demand."""
