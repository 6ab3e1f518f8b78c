"""What the calculator's page asks of the package: a request in, an answer out, both JSON."""
