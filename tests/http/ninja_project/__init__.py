"""A new Ninja project with the README's three lines in it, and what tests want to set from outside."""
