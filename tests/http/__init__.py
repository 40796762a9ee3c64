"""The HTTP surface as a client meets it: one suite, written against a base URL, for every framework."""
