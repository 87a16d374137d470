// As ws_client.py, on Debian's node-ws.
const assert = require('assert');
const { once } = require('events');
const fs = require('fs');
const WebSocket = require('ws');

const CLIENTS = 6;
const SAYS = 20;
const TEXTS = ['', 'plain', 'größer 漢字 🎲', 'x'.repeat(126), 'y'.repeat(70000)];
const BINARIES = [
  Buffer.alloc(0), Buffer.from([...Array(256).keys()]), Buffer.from('00ff'.repeat(50000), 'hex'),
];
const NARROW = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 9,
  threshold: 0,
};

const [url, deflate, cafile] = process.argv.slice(2);
const tls = cafile ? { ca: fs.readFileSync(cafile) } : {};

async function connect(path, options) {
  const socket = new WebSocket(url + path, { ...tls, ...options });
  await once(socket, 'open');
  return socket;
}

async function hear(socket) {
  const [data, binary] = await once(socket, 'message');
  return binary ? data : data.toString();
}

async function close(socket) {
  socket.close(1000);
  const [code] = await once(socket, 'close');
  assert.strictEqual(code, 1000);
}

async function echo(perMessageDeflate, extension) {
  const socket = await connect('/ws/echo', { perMessageDeflate });
  assert.strictEqual(socket.extensions, extension);
  for (const message of [...TEXTS, ...BINARIES]) {
    socket.send(message);
    assert.deepStrictEqual(await hear(socket), message);
  }
  for (const part of ['in ', 'three ', 'parts']) socket.send(part, { fin: part === 'parts' });
  assert.strictEqual(await hear(socket), 'in three parts');
  socket.ping('are you there');
  const [pong] = await once(socket, 'pong');
  assert.strictEqual(pong.toString(), 'are you there');
  await close(socket);
}

async function room(perMessageDeflate) {
  const sockets = [];
  const heard = [];
  for (let i = 0; i < CLIENTS; ++i) {
    const socket = await connect('/ws/room/plaza', { perMessageDeflate });
    sockets.push(socket);
    heard.push([]);
    socket.on('message', (data) => heard[i].push(data.toString()));
  }
  sockets.forEach((socket, number) => {
    for (let i = 0; i < SAYS; ++i) socket.send(`${number} says ${i}`);
  });
  while (heard.some((one) => one.length < CLIENTS * SAYS)) {
    await new Promise((done) => setTimeout(done, 5));
  }
  heard.forEach((one) => assert.deepStrictEqual(one, heard[0]));
  for (let number = 0; number < CLIENTS; ++number) {
    assert.deepStrictEqual(
      heard[0].filter((message) => message.startsWith(`${number} `)),
      Array.from({ length: SAYS }, (_, i) => `${number} says ${i}`));
  }
  for (const socket of sockets) await close(socket);
}

async function main() {
  const taken = deflate === 'deflate' ? 'permessage-deflate' : '';
  await echo(false, '');
  await echo({ threshold: 0 }, taken);
  await echo(NARROW, taken);
  await room({ threshold: 0 });
  console.log('ok');
  process.exit(0);
}

setTimeout(() => { console.error('no end'); process.exit(1); }, 60000);
main().catch((error) => { console.error(error); process.exit(1); });
