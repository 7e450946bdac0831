// A network of the browser's own. Chromium breaks off whatever it loads when an interface comes or goes, which
// happens with each pod of the tests beside this one. So it lives where there is only loopback, and reaches
// what is outside through a socket in the file system: this file is both ends of it.

import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PORT = 3128;

/** Options for the start of a browser in a network of its own; `folder` is for what that needs. */
export async function island(folder, chromium) {
  const socket = join(folder, 'outside');
  const proxy = createProxy().on('connect', (request, client, head) => {
    const { hostname, port } = new URL(`https://${request.url}`);
    const there = connect(Number(port || 443), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      there.write(head);
      there.pipe(client).pipe(there);
    });
    const close = () => [client, there].forEach((end) => end.destroy());
    client.on('error', close);
    there.on('error', close).on('close', close);
  });
  proxy.listen(socket).unref();
  await once(proxy, 'listening');
  const start = join(folder, 'chromium');
  const inside = `ip link set lo up && { '${process.execPath}' '${fileURLToPath(import.meta.url)}' '${socket}' & exec '${chromium}' "$@"; }`;
  writeFileSync(start, `#!/bin/sh\nexec unshare --map-root-user --net sh -c ${quoted(inside)} sh "$@"\n`);
  chmodSync(start, 0o755);
  return { executablePath: start, proxy: { server: `http://127.0.0.1:${PORT}`, bypass: '<-loopback>' } };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// The end inside: whatever comes goes to the socket. It ends with the browser, whose child it is not.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , socket] = process.argv;
  const parent = process.ppid;
  createServer((client) => {
    const outside = connect(socket);
    client.pipe(outside).pipe(client);
    client.on('error', () => outside.destroy());
    outside.on('error', () => client.destroy());
  }).listen(PORT, '127.0.0.1');
  setInterval(() => process.ppid === parent || process.exit(), 500);
}
