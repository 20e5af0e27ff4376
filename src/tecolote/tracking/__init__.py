"""What became of accounts and posts: availability, survival, takeovers."""
