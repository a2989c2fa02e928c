// SPDX-License-Identifier: Apache-2.0
// The wire tap: what clients know as the gateway's address. It carries bytes both ways untouched and reads along what
// clients send, so that a test can tell what the CLI asked and what of it reached the provider.
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { gateway, publicUrl } from './world.mjs';

export async function startTap() {
  const requests = [];
  const reader = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    const entry = { method: request.method, url: request.url, headers: request.headers, body: null };
    requests.push(entry);
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      entry.body = Buffer.concat(pieces);
      response.end();
    });
  });
  reader.on('clientError', () => {});
  const server = createServer((client) => {
    const upstream = connect(gateway.port, gateway.host);
    // What the reader answers goes nowhere: it only has to believe that somebody listens.
    const copy = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    reader.emit('connection', copy);
    client.on('data', (chunk) => copy.push(chunk));
    client.on('close', () => copy.push(null));
    for (const socket of [client, upstream, copy]) socket.on('error', () => client.destroy() && upstream.destroy());
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise((resolve) => server.listen(Number(new URL(publicUrl).port), '127.0.0.1', resolve));
  return {
    requests,
    to: (path) => requests.filter(({ url, body }) => body && new URL(url, publicUrl).pathname === path),
    stop: () => server.close(),
  };
}
