"""A simulated Cisco contact centre: REST resources, dialer, agents, people and the historical database.

For demonstrations, tests and benchmarks. The application does not know that it is not real: it meets the same URLs,
the same XML and the same tables. `create_simulator` starts one in this process, `acm simulator` one of its own.
"""
