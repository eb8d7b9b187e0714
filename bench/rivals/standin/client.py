#!/usr/bin/env python3
"""A stand-in for the usual Python client: closed loop, one task a stream, stamps in the event loop.

    client.py aiohttp|uvloop|httpx --url URL --model M --streams N --requests R --tokens T [--warm]

Prints one JSON object: samples of TTFT and of gaps between tokens in ms, tokens, failures.
"""

import argparse
import asyncio
import json
import sys
import time


async def aiohttp_lines(url, options):
    import aiohttp
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector, read_bufsize=1 << 16) as session:
        async def lines(body):
            async with session.post(url, json=body) as answer:
                answer.raise_for_status()
                async for line in answer.content:
                    yield line
        return await play(lines, options), aiohttp.__version__


async def httpx_lines(url, options):
    import httpx
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=None) as session:
        async def lines(body):
            async with session.stream("POST", url, json=body) as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    yield line.encode()
        return await play(lines, options), httpx.__version__


async def one(lines, options, seen):
    body = {"model": options.model, "messages": [{"role": "user", "content": "Say something."}],
            "max_tokens": options.tokens, "stream": True, "ignore_eos": True}
    start, last, tokens = time.perf_counter(), None, 0
    async for line in lines(body):
        if not line.startswith(b"data: {"):
            continue
        choices = json.loads(line[6:]).get("choices")
        if not choices or not choices[0]["delta"].get("content"):
            continue
        now = time.perf_counter()
        seen["ttft_ms" if last is None else "itl_ms"].append(1e3 * (now - (last or start)))
        last, tokens = now, tokens + 1
    seen["tokens"] += tokens
    seen["failed" if tokens == 0 else "succeeded"] += 1


async def wave(lines, options, count):
    seen = {"ttft_ms": [], "itl_ms": [], "tokens": 0, "failed": 0, "succeeded": 0}
    left = iter(range(count))

    async def stream():
        for _ in left:
            try:
                await one(lines, options, seen)
            except Exception as error:  # a failed request is a count, whatever the library throws
                print(error, file=sys.stderr)
                seen["failed"] += 1
    await asyncio.gather(*(stream() for _ in range(options.streams)))
    return seen


async def play(lines, options):
    if options.warm:
        await wave(lines, options, options.streams)
    return await wave(lines, options, options.requests)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("aiohttp", "uvloop", "httpx"))
    for name in ("url", "model"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("streams", "requests", "tokens"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--warm", action="store_true")
    options = parser.parse_args()
    url = options.url + "/v1/chat/completions"
    client = httpx_lines if options.kind == "httpx" else aiohttp_lines
    run = asyncio.run
    if options.kind == "uvloop":
        import uvloop
        run = uvloop.run
    seen, version = run(client(url, options))
    print(json.dumps({**seen, "version": version}))


if __name__ == "__main__":
    main()
