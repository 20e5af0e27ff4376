"""The Parquet tables of a case, the engine that queries them, and the importer that fills them."""
