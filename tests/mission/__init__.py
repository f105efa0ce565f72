"""`make mission`: which lines of the deck have tests that prove them, and how those tests end."""
