"""Real Postgres and Valkey from wheels, and the whole system run from one command.

For people: `python -m research_api.local run`, which `make run` calls.
For tests: `servers.throwaway_servers`.
"""
