"""Python faces of the SQL procedures: one typed function per procedure, one module per schema."""
