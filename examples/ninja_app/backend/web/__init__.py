"""The page at ``/``: every account flow in a browser, and what the server does meanwhile."""
