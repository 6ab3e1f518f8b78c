"""Networks written in other forms."""
