"""Coverage-guided fuzzing of everything that reads foreign bytes; run by ``python -m tests.fuzz.run``."""
