// SPDX-License-Identifier: Apache-2.0
// The model provider of a test: streams a short answer in Anthropic's event format, and keeps every request whole, so
// that a test can compare it with what the client sent.
import { createServer } from 'node:http';
import { provider as address } from './world.mjs';

export const words = ['Good ', 'morning ', 'from ', 'the ', 'provider.'];
export const answer = words.join('');

export async function startProvider() {
  const requests = [];
  let released = Promise.resolve();
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const received = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(pieces) };
    requests.push(received);
    if (request.method === 'POST' && request.url.startsWith('/v1/messages/count_tokens')) return count(response);
    if (request.method === 'POST' && request.url.startsWith('/v1/messages')) return reply(received, response, released);
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"type":"error","error":{"type":"not_found_error","message":"no such route"}}');
  });
  await new Promise((resolve) => server.listen(address.port, address.host, resolve));
  return {
    requests,
    messages: () => requests.filter(({ url }) => /^\/v1\/messages(\?|$)/.test(url)),
    /// From now on a stream stops after its first word, until the returned function is called: who shows that word
    /// before the rest exists has streamed it.
    hold() {
      let release;
      released = new Promise((resolve) => (release = resolve));
      return release;
    },
    stop: () => server.close() && server.closeAllConnections(),
  };
}

function count(response) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"input_tokens":42}');
}

async function reply({ body }, response, released) {
  const { model, stream } = JSON.parse(body);
  const message = { id: 'msg_e2e_0000000000000001', type: 'message', role: 'assistant', model };
  const usage = { input_tokens: 42, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 9 };
  if (!stream) {
    const content = [{ type: 'text', text: answer }];
    response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_e2e' });
    response.end(JSON.stringify({ ...message, content, stop_reason: 'end_turn', stop_sequence: null, usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_e2e' });
  const send = (type, fields) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } };
  send('message_start', { message: start });
  send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  send('ping', {});
  for (const word of words) {
    send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } });
    await released;
  }
  send('content_block_stop', { index: 0 });
  send('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage });
  send('message_stop', {});
  response.end();
}
