"""Small HTTP servers with a will of their own: what the simulated engine cannot do wrong."""

import json
import os
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "smollm2"


def event(payload):
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return f"data: {text}\n\n".encode()


def stream_events(request):
    """The events of a whole answer, one token each, with the usage at the end."""
    chat = "messages" in request
    count = request.get("max_completion_tokens") or request.get("max_tokens") or 16
    kind = "chat.completion.chunk" if chat else "text_completion"
    head = {"id": "x", "object": kind, "created": 1, "model": request["model"]}

    def choice(text, finish):
        body = {"delta": {"content": text}} if chat else {"text": text}
        return {**head, "choices": [{"index": 0, **body, "finish_reason": finish}]}

    if chat:
        role = {"delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        yield event({**head, "choices": [{"index": 0, **role}]})
    for number in range(count):
        yield event(choice(f" tok{number}", "length" if number + 1 == count else None))
    if request.get("stream_options", {}).get("include_usage"):
        usage = {"prompt_tokens": 5, "completion_tokens": count, "total_tokens": count + 5}
        yield event({**head, "choices": [], "usage": usage})
    yield event("[DONE]")


class Exchange(BaseHTTPRequestHandler):
    """One connection. The server's `answer(exchange, number, request)` replies to completions;
    `number` counts them from 1."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/health":
            self.reply(200, {})
        elif self.path == "/v1/models":
            self.reply(200, {"object": "list", "data": [{"id": self.server.model}]})
        else:
            self.reply(404, {"error": {"message": f"no route {self.path}"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.path.startswith("/v1/"):
            self.reply(404, {"error": {"message": f"no route {self.path}"}})
            return
        with self.server.counting:
            self.server.requests.append((self.path, dict(self.headers), json.loads(body)))
            number = len(self.server.requests)
        try:
            self.server.answer(self, number, json.loads(body))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave the request up

    def reply(self, status, payload):
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self, **headers):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def write_chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def reset(self):
        """Ends the connection by a TCP reset, after what was written."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def stream(self, request, pace_s=0.002, **headers):
        """A good answer, token by token."""
        self.begin_stream(**headers)
        for data in stream_events(request):
            time.sleep(pace_s)  # the speed of this engine; no test waits on it
            self.write_chunk(data)
        self.end_stream()


class OpenAiServer(ThreadingHTTPServer):
    """Listens on a port of its own, or the given one. `requests` keeps (path, headers, body)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer, host="127.0.0.1", port=0, model=MODEL):
        self.answer, self.model = answer, model
        self.counting = threading.Lock()
        self.requests = []
        super().__init__((host, port), Exchange)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self


def good(exchange, _number, request):
    exchange.stream(request)


def every_second_fails(exchange, number, request):
    if number % 2 == 0:
        exchange.reply(500, {"error": {"message": "the flux capacitor is empty", "code": 500}})
    else:
        exchange.stream(request)


def all_at_once(exchange, _number, request):
    """Holds the answer back until it is whole, as a buffering proxy does."""
    exchange.begin_stream()
    time.sleep(0.05)
    exchange.write_chunk(b"".join(stream_events(request)))
    exchange.end_stream()


def closes_with_notice(exchange, _number, request):
    exchange.stream(request, connection="close")
    exchange.close_connection = True


def closes_without_notice(exchange, _number, request):
    exchange.stream(request)
    exchange.close_connection = True


def breaks_in_four_ways(exchange, number, request):
    """In turn: a good answer, an error inside the stream, a cut stream, no token at all."""
    way = number % 4
    if way == 1:
        exchange.stream(request)
        return
    exchange.begin_stream()
    events = list(stream_events(request))
    if way == 2:
        exchange.write_chunk(events[0] + events[1])
        exchange.write_chunk(event({"error": {"message": "out of cheese", "code": 500}}))
    elif way == 3:
        exchange.write_chunk(events[0] + events[1])
        exchange.close_connection = True
        return
    else:
        last = json.loads(events[-3].removeprefix(b"data: "))
        last["choices"][0]["delta"] = {}
        exchange.write_chunk(event(last))
    exchange.write_chunk(event("[DONE]"))
    exchange.end_stream()


def every_second_stalls(exchange, number, request):
    """Goes silent in the middle of an answer, until the client has had enough."""
    if number % 2 == 1:
        exchange.stream(request)
        return
    events = list(stream_events(request))
    exchange.begin_stream()
    exchange.write_chunk(events[0] + events[1])
    exchange.close_connection = True
    exchange.connection.recv(1)  # returns when the client closes
