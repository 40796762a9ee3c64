"""The Ninja example under a storm of logins, and soaked for minutes: ``make storm``, ``make soak``."""
