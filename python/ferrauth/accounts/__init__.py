"""What both frameworks do, decided once: pure Python, no framework, no I/O."""
