"""A WebSocket client that is not ours (Debian's python3-websockets), held against a server.

    ws_client.py URL [CAFILE]

An echo of texts, binaries and fragments, pings, and a room of several clients in which each speaks;
every client ends with 1000. Says "ok" where all is as it has to be.
"""

import asyncio
import ssl
import sys

import websockets

CLIENTS = 6
SAYS = 20
TEXTS = ["", "plain", "größer 漢字 🎲", "x" * 126, "y" * 70000]
BINARIES = [b"", bytes(range(256)), b"\x00\xff" * 50000]


async def echo(url, options):
    async with websockets.connect(url + "/ws/echo", max_size=None, **options) as socket:
        for message in TEXTS + BINARIES:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(iter(["in ", "three ", "parts"]))
        assert await socket.recv() == "in three parts"
        await (await socket.ping(b"are you there"))
    assert socket.close_code == 1000, socket.close_code


async def compressed(url, options):
    # The extension is offered by default; the server declines it.
    async with websockets.connect(url + "/ws/echo", **options) as socket:
        assert socket.extensions == [], socket.extensions


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


async def main(url, cafile=None):
    options = {"ssl": ssl.create_default_context(cafile=cafile)} if cafile else {}
    await echo(url, {"compression": None, **options})
    await compressed(url, options)
    await room(url, {"compression": None, **options})
    print("ok")


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 60))
