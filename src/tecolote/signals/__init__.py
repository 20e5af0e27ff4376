"""What a post says, who says it to whom, and how sure that is."""
