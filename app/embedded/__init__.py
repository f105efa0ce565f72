"""Servers that come as wheels and run beside the application: PostgreSQL (app.database.embedded), Valkey (app.valkey).

A server belongs to all processes that use its folder, and lives as long as one of them does, however they end. Three
locks in the folder, which the kernel releases whenever their holder dies, say all that has to be known:

`users`     shared, held by each process that uses the server; when nobody holds it, the server is stopped
`starting`  held while one process looks for the server and starts it when there is none; others wait
`running`   held by the guardian (app/embedded/guardian.py), the parent of the server, as long as the server runs
"""
