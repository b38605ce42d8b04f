"""Ferry's surroundings as processes on loopback: Temporal and SQS servers, the three services, a network to cut.

Used by `make run`, the integration tests and the bench. Everything that is started is ended by its own pid.
"""
