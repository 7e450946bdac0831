// The gateway's control API by cookie. Errors are Kubernetes `Status` objects; streams are lines of
// JSON, of which an empty one only says that the connection is alive.

import { learn } from './time.js';

/** An answer that is an error. `code` 0: there was none. */
export class Failure extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Longer than the gateway is ever silent. */
const SILENCE_MS = 40_000;

let csrf = '';
let ended = () => {};

/** Tells who to call when the login has ended. */
export const onEnd = (call) => { ended = call; };

/** Who is logged in: `{caller, csrf, expires}`. */
export async function session() {
  const found = await json('/ui/session');
  csrf = found.csrf;
  return found;
}

/** Reads something. */
export async function json(path, signal) {
  const response = await send(path, { signal });
  return response.json();
}

/** Reads a list of which there is more than fits: the list, and where it goes on, if it does. */
export async function page(path, signal) {
  const response = await send(path, { signal });
  return { items: await response.json(), next: response.headers.get('kguard-next') };
}

/** Changes something. */
export async function post(path, body = {}) {
  const answer = () => send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-kguard-csrf': csrf },
    body: JSON.stringify(body),
  });
  const response = await answer().catch(async (failure) => {
    // Another tab may have logged in anew, and with that changed what proves where this comes from.
    const before = csrf;
    if (failure.code !== 403 || (await session()).csrf === before) throw failure;
    return answer();
  });
  const text = await response.text();
  return text === '' ? null : JSON.parse(text);
}

/** Ends the login. */
export const logOut = () => post('/ui/logout');

/** The lines of a stream, until it ends; `null` once it has begun, and whenever it has nothing to say. */
export async function* lines(path, signal) {
  const watch = new AbortController();
  const stop = () => watch.abort();
  signal?.addEventListener('abort', stop);
  let timer = setTimeout(stop, SILENCE_MS);
  try {
    const response = await send(path, { signal: watch.signal });
    yield null;
    for await (const text of textLines(response)) {
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE_MS);
      yield text === '' ? null : JSON.parse(text);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    watch.abort();
  }
}

/** The lines of a response as they come, as text. */
export async function* textLines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = value.split('\n');
      // Pieces of a long line are put together once, when it is complete.
      for (const part of parts.slice(0, -1)) {
        yield [...rest, part].join('');
        rest = [];
      }
      rest.push(parts.at(-1));
    }
    const last = rest.join('');
    if (last !== '') yield last;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** An answer that is not an error. */
export async function send(path, options = {}) {
  const ask = () => fetch(path, { credentials: 'same-origin', cache: 'no-store', redirect: 'error', ...options });
  const response = await ask()
    // Whatever only reads may be asked again: networks come and go.
    .catch((error) => (options.method || options.signal?.aborted ? Promise.reject(error) : ask()))
    .catch((error) => {
      if (options.signal?.aborted) throw error;
      throw new Failure(0, 'The gateway cannot be reached. This page goes on trying.');
    });
  learn(response);
  if (response.ok) return response;
  const status = await response.json().catch(() => ({}));
  if (response.status === 401) ended();
  throw new Failure(response.status, status.message || `The gateway answered with ${response.status}.`);
}
