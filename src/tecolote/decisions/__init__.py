"""What people decide about posts: their codes as events of the log, agreement between coders, and what is next."""
