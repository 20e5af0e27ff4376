"""What happens to a case beside its work: erasure, backup, hand-over."""
