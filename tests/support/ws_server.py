"""A WebSocket server that is not ours (Debian's python3-websockets), for clients to be held against.

Listens on three ports, which it prints: one without permessage-deflate, one that takes up what is
offered, one that insists on no takeover and windows of 10 bits. What it does depends on the path:
/echo; /fragments, an echo in three fragments with a ping in between whose pong it waits for; /close,
which closes the Nth WebSocket with the Nth of CODES; /drop, which ends without a close frame; /long, which
says 20 MB at once and prints the code that it is closed with.
"""

import asyncio
import contextlib
import itertools

import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

CODES = itertools.cycle([1000, 1001, 1008, 1009, 1011, 4000])
INSISTS = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=10,
    client_max_window_bits=10,
)


async def parts(socket, message):
    third = len(message) // 3
    yield message[:third]
    await (await socket.ping(b"still there?"))
    yield message[third : 2 * third]
    yield message[2 * third :]


async def serve(socket, path):
    if path == "/close":
        code = next(CODES)
        return await socket.close(code, f"because of {code}")
    if path == "/drop":
        return socket.transport.abort()
    if path == "/long":
        with contextlib.suppress(websockets.ConnectionClosed):
            await socket.send("x" * 20_000_000)
        await socket.wait_closed()
        return print("closed with", socket.close_code, flush=True)
    async for message in socket:
        await socket.send(parts(socket, message) if path == "/fragments" else message)


async def main():
    settings = [{"compression": None}, {}, {"compression": None, "extensions": [INSISTS]}]
    servers = [
        await websockets.serve(serve, "127.0.0.1", 0, max_size=None, **setting)
        for setting in settings
    ]
    print("listening", *(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Future()


asyncio.run(main())
