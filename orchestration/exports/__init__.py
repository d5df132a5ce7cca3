"""Files for people: the package of a day, as CSV, XLSX and Parquet."""
