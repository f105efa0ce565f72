"""Sign-in, sessions, roles and the audit of what people change."""
