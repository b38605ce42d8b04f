"""An SQS server with AWS's rules, for the cases that no emulator shows: `python -m sqs_server --help`.

One process, one thread, nothing beyond Python's own library. queues.py holds the rules of queues and knows neither
sockets nor clocks; actions.py is the API on top, limits.py what it refuses; wire.py speaks HTTP, signature.py checks
who is calling, faults.py makes what goes wrong, store.py keeps everything over a kill.
"""
