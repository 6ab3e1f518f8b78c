"""Pages in a real browser: Chromium, driven by Playwright; axe-core looks for barriers."""
