// As ws_server.py, on Debian's node-ws.
const { WebSocketServer } = require('ws');

const CODES = [1000, 1001, 1008, 1009, 1011, 4000];
const INSISTS = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 10,
  clientMaxWindowBits: 10,
  threshold: 0,
};
let closed = 0;

function sendInParts(socket, data, binary) {
  const third = Math.floor(data.length / 3);
  socket.send(data.subarray(0, third), { binary, fin: false });
  socket.ping('still there?');
  socket.once('pong', () => {
    socket.send(data.subarray(third, 2 * third), { fin: false });
    socket.send(data.subarray(2 * third), { fin: true });
  });
}

function serve(socket, request) {
  if (request.url === '/close') {
    const code = CODES[closed++ % CODES.length];
    return socket.close(code, `because of ${code}`);
  }
  if (request.url === '/drop') return socket.terminate();
  if (request.url === '/long') {
    socket.on('close', (code) => console.log('closed with', code));
    return socket.send('x'.repeat(20_000_000));
  }
  socket.on('message', (data, binary) => {
    if (request.url === '/fragments') return sendInParts(socket, data, binary);
    socket.send(data, { binary });
  });
}

const servers = [false, { threshold: 0 }, INSISTS].map((perMessageDeflate) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate });
  server.on('connection', serve);
  return server;
});
Promise.all(servers.map((server) => new Promise((done) => server.on('listening', done)))).then(() =>
  console.log('listening', ...servers.map((server) => server.address().port)));
