"""A new FastAPI project with the README's lines in it, on the database that Django seeded."""
