"""Loading of files: templates, formats, cleaning, staging.

What a line does to clients is decided in sql/procedures/contacts.import_apply.sql.

files       what a file is: size, hash, encoding; refuses what cannot be loaded
templates   the `${contact.…}` line
formats     from bytes to fields, one module a format
cleaning    from fields to the values of staging rows
loader      one load from start to end: parts, journal, retries, resuming
rejects     the lines that were not loaded, as a file
reasons     why a line is not loaded, in words
"""
