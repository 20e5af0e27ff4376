"""Who is connected, who acts together, and whether it could be chance."""
