"""A WebSocket client that is not ours (Debian's python3-websockets), held against a server.

    ws_client.py URL none|deflate [CAFILE]

An echo of texts, binaries and fragments, pings, and a room of several clients in which each speaks;
every client ends with 1000. permessage-deflate is offered to a server that must decline it, or take
it up: with takeover, and without and with windows of 9 bits. Says "ok" where all is as it has to be.
"""

import asyncio
import ssl
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

CLIENTS = 6
SAYS = 20
TEXTS = ["", "plain", "größer 漢字 🎲", "x" * 126, "y" * 70000]
BINARIES = [b"", bytes(range(256)), b"\x00\xff" * 50000]
NARROW = ClientPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=9,
    client_max_window_bits=9,
)


async def echo(url, extension, options):
    async with websockets.connect(url + "/ws/echo", max_size=None, **options) as socket:
        for message in TEXTS + BINARIES:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(iter(["in ", "three ", "parts"]))
        assert await socket.recv() == "in three parts"
        await (await socket.ping(b"are you there"))
        names = [one.name for one in socket.extensions]
        assert names == extension, names
    assert socket.close_code == 1000, socket.close_code


async def room(url, options):
    sockets = [
        await websockets.connect(url + "/ws/room/plaza", **options) for _ in range(CLIENTS)
    ]

    async def speak(number):
        for i in range(SAYS):
            await sockets[number].send(f"{number} says {i}")

    async def hear(socket):
        return [await socket.recv() for _ in range(CLIENTS * SAYS)]

    hearing = [asyncio.create_task(hear(socket)) for socket in sockets]
    await asyncio.gather(*(speak(number) for number in range(CLIENTS)))
    heard = await asyncio.gather(*hearing)
    assert all(one == heard[0] for one in heard), "not the same order for everyone"
    for number in range(CLIENTS):
        own = [message for message in heard[0] if message.startswith(f"{number} ")]
        assert own == [f"{number} says {i}" for i in range(SAYS)], own
    for socket in sockets:
        await socket.close()
        assert socket.close_code == 1000, socket.close_code


async def main(url, deflate, cafile=None):
    options = {"ssl": ssl.create_default_context(cafile=cafile)} if cafile else {}
    extension = ["permessage-deflate"] if deflate == "deflate" else []
    await echo(url, [], {"compression": None, **options})
    await echo(url, extension, options)  # the extension is offered by default
    await echo(url, extension, {"compression": None, "extensions": [NARROW], **options})
    await room(url, options)
    print("ok")


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 60))
