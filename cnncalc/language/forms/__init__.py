"""Forms: what is written, before any input shape is known."""
