"""Everything that has to outlive a kill, in an SQLite file. What changed is written before a call is answered, so a
killed server comes back with its messages, receive counts and what is in flight. (Not for power cuts: no fsync.)"""

import json
import sqlite3
import time

from .queues import Attempt, Message, Queue

_SCHEMA = """
CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY, attributes TEXT, tags TEXT, created_at REAL, next_number INT);
CREATE TABLE IF NOT EXISTS messages (
  queue TEXT, id TEXT, body TEXT, body_md5 TEXT, attributes TEXT, trace_header TEXT, message_group TEXT,
  deduplication_id TEXT, number TEXT, message_order INT, sent_at REAL, first_received_at REAL, received_at REAL,
  receive_count INT, handle_number INT, visible_at REAL, state TEXT, source_arn TEXT, sender TEXT, changes INT,
  PRIMARY KEY (queue, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent_ids (queue TEXT, message_group TEXT, deduplication_id TEXT, at REAL, message_id TEXT,
  number TEXT, PRIMARY KEY (queue, message_group, deduplication_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (queue TEXT, id TEXT, at REAL, deliveries TEXT, PRIMARY KEY (queue, id))
  WITHOUT ROWID;
"""
_MEMBERS = ("id", "body", "body_md5", "attributes", "trace_header", "group", "deduplication_id", "number", "order",
            "sent_at", "first_received_at", "received_at", "receive_count", "handle_number", "visible_at", "state",
            "source_arn", "sender", "changes")
_PUT = f"INSERT OR REPLACE INTO messages VALUES (?{', ?' * len(_MEMBERS)})"


class Store:
    def __init__(self, path: str):
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(_SCHEMA)

    def load(self, service):
        rows = self._database.execute("SELECT name, attributes, tags, created_at, next_number FROM queues")
        for name, attributes, tags, created_at, next_number in rows:
            queue = Queue(name, service.arn(name), service.settings, created_at, json.loads(attributes))
            queue.next_number, queue.tags = next_number, json.loads(tags)
            service.queues[name] = queue
        for row in self._database.execute("SELECT * FROM messages"):
            message = Message()
            for member, value in zip(_MEMBERS, row[1:]):
                setattr(message, member, value)
            message.attributes, message.number = json.loads(message.attributes), int(message.number)
            service.queues[row[0]].restore(message)
        self._load_windows(service)

    def _load_windows(self, service):
        oldest = time.time() - service.settings.deduplication_window
        for table in ("sent_ids", "attempts"):
            self._database.execute(f"DELETE FROM {table} WHERE at < ?", (oldest,))
        rows = self._database.execute("SELECT * FROM sent_ids ORDER BY at")
        for name, group, deduplication_id, at, message_id, number in rows:
            service.queues[name].sent_ids[(group or None, deduplication_id)] = (at, message_id, int(number))
        for name, attempt_id, at, deliveries in self._database.execute("SELECT * FROM attempts ORDER BY at"):
            queue = service.queues[name]
            messages = [(queue.messages.get(message_id), *rest) for message_id, *rest in json.loads(deliveries)]
            if all(entry[0] is not None for entry in messages):
                queue.attempts[attempt_id] = Attempt(at, messages)

    def save(self, queues):
        changed = [queue for queue in queues if queue.changed or queue.attributes_changed]
        if not changed:
            return
        self._database.execute("BEGIN")
        for queue in changed:
            self._save_queue(queue)
            queue.forget_changes()
        self._database.execute("COMMIT")

    def _save_queue(self, queue: Queue):
        run = self._database.execute
        run("INSERT OR REPLACE INTO queues VALUES (?, ?, ?, ?, ?)",
            (queue.name, json.dumps(queue.attributes), json.dumps(queue.tags), queue.created_at, queue.next_number))
        for message in queue.changed:
            if queue.messages.get(message.id) is not message:
                run("DELETE FROM messages WHERE queue = ? AND id = ?", (queue.name, message.id))
                continue
            values = [getattr(message, member) for member in _MEMBERS]
            values[3], values[7] = json.dumps(message.attributes), str(message.number)
            run(_PUT, (queue.name, *values))
        for group, deduplication_id in queue.changed_sent_ids:
            if (group, deduplication_id) not in queue.sent_ids:
                continue
            at, message_id, number = queue.sent_ids[(group, deduplication_id)]
            run("INSERT OR REPLACE INTO sent_ids VALUES (?, ?, ?, ?, ?, ?)",
                (queue.name, group or "", deduplication_id, at, message_id, str(number)))
        for attempt_id in queue.changed_attempts:
            attempt = queue.attempts.get(attempt_id)
            if attempt is None:
                continue
            run("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)",
                (queue.name, attempt_id, attempt.at,
                 json.dumps([(message.id, *rest) for message, *rest in attempt.deliveries])))

    def drop(self, queue: Queue):
        for table, member in (("queues", "name"), ("messages", "queue"), ("sent_ids", "queue"), ("attempts", "queue")):
            self._database.execute(f"DELETE FROM {table} WHERE {member} = ?", (queue.name,))
