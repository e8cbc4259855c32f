"""What outgrows one machine, on Apache Spark: the only part that imports pyspark, and only once it is asked for."""
