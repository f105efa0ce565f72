"""ACM: the outbound campaign manager. The web application and the library under it."""
