"""The projects of the HTTP suite without the equal work: the positive controls of ``http_timing``."""
