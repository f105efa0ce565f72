"""Click commands of `acm`, one module a group."""
