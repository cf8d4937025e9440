"""Runs one Lambda function: its bootstrap as a child process, and a Runtime API on
the loopback interface that gives it one event after another."""

import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Json = dict[str, Any]

# The time limit of an answer, in seconds.
ANSWER = 30
NEXT = "/2018-06-01/runtime/invocation/next"
# The numbers of requests, of all functions together: DynamoDB would take a second request
# of the same number for a repetition.
NUMBERS = itertools.count()
ARN = "arn:aws:lambda:us-east-1:000000000000:function:bench"


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the end of an answer waits 40 ms for the other side's acknowledgement.
    disable_nagle_algorithm = True
    server: "Server"

    def do_GET(self) -> None:
        if self.path != NEXT:
            return self.reply(404)
        # A request for the next event means that the last one is finished.
        self.server.idle.put(None)
        number, event = self.server.events.get()
        body = json.dumps(event).encode()
        self.server.begun = time.perf_counter()
        self.reply(
            200,
            body,
            {
                "Lambda-Runtime-Aws-Request-Id": f"bench-{number}",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + ANSWER) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": ARN,
            },
        )

    def do_POST(self) -> None:
        self.server.ended = time.perf_counter()
        self.server.answers.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.reply(202)

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs no requests."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Api)
        self.events: queue.SimpleQueue[tuple[int, Json]] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[Json] = queue.SimpleQueue()
        self.idle: queue.SimpleQueue[None] = queue.SimpleQueue()
        # When the last event was handed over, and when its answer came.
        self.begun = self.ended = 0.0


def receive(source: "queue.SimpleQueue[Any]") -> Any:
    try:
        return source.get(timeout=ANSWER)
    except queue.Empty:
        sys.exit(f"the function did not answer in {ANSWER} seconds")


class Function:
    """A running bootstrap, waiting for events."""

    def __init__(self, server: Server, pid: int) -> None:
        self.server, self.pid = server, pid
        receive(server.idle)

    def invoke(self, event: Json) -> Json:
        """Sends an event. Returns the answer once the function requests the next event."""
        number = next(NUMBERS)
        if "requestContext" in event:
            # As on AWS, each request has its own ID; the function marks its writes with it.
            event["requestContext"]["requestId"] = f"bench-{number}"
        self.server.events.put((number, event))
        answer = receive(self.server.answers)
        receive(self.server.idle)
        return answer

    @property
    def took(self) -> float:
        """How long the last answer took, in seconds."""
        return self.server.ended - self.server.begun

    def cpu(self) -> float:
        """Returns the CPU time of all threads so far, in seconds."""
        # The clock ID of a process's CPU time, as clock_getcpuclockid computes it.
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> tuple[int, int]:
        """Returns the resident bytes: now, and the most so far."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return int(fields["VmRSS"].split()[0]) * 1024, int(fields["VmHWM"].split()[0]) * 1024


@contextmanager
def function(bootstrap: Path, environment: dict[str, str]) -> Iterator[Function]:
    """Runs this bootstrap with only these variables, and ends it on exit."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = environment | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "_HANDLER": "bootstrap",
        }
        child = subprocess.Popen([bootstrap], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            yield Function(server, child.pid)
        finally:
            child.kill()
            child.wait()
            server.shutdown()


def request(method: str, path: str, bearer: str = "", body: Json | None = None) -> Json:
    """Returns the event that API Gateway sends for a request."""
    headers = {"host": "127.0.0.1", "content-type": "application/json"}
    if bearer:
        headers["authorization"] = f"Bearer {bearer}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "bench",
            "domainName": "127.0.0.1",
            "domainPrefix": "bench",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "bench",
            },
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000,
        },
        "body": json.dumps(body) if body is not None else None,
        "isBase64Encoded": False,
    }
