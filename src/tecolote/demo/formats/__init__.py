"""One module per export format: the invented posts written as the platform or the collecting tool writes them."""
