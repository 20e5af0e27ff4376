"""Export formats: one module reads one format, and the registry picks the reader by the bytes."""
