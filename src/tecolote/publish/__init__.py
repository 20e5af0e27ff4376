"""What leaves the case: the report, the fact sheet and the check of both."""
