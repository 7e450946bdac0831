// What a request does, in a line, as the terminal client says it (cli/src/hold_card.rs).

import { count } from './text.js';

/** What it is about: `statefulsets.apps/scale`, with the object's name behind it. */
export function target(request) {
  if (!request.resource) return request.path;
  let line = request.resource;
  if (request.apiGroup) line += `.${request.apiGroup}`;
  for (const part of [request.subresource, request.name]) if (part) line += `/${part}`;
  return line;
}

/** Where: the namespace, unless that is what it is about, or there is none. */
export const place = (request) => (request.namespace && request.resource !== 'namespaces' ? request.namespace : '');

/** All of it. */
export function requestLine(request) {
  const where = place(request);
  return `${request.verb} ${target(request)}${where ? ` in ${where}` : ''}`;
}

/** What a hold is about, in a line. */
export function holdLine({ plan, request }) {
  if (!plan) return requestLine(request);
  return `apply a change set of ${count(plan.writes ?? 0, 'write')}`;
}

/** Method, path and query as they are sent; encoded, so that one parameter cannot look like two. */
export function httpLine(hold) {
  const query = (hold.query ?? []).map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
  return `${hold.method} ${hold.request.path}${query ? `?${query}` : ''}`;
}

/** An address that is safe to follow; of anything else there is only the text. */
export function link(address) {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** What a stream is connected to. */
export function streamLine(stream) {
  const container = stream.container ? ` -c ${stream.container}` : '';
  return `${stream.kind} ${stream.namespace}/${stream.pod}${container}`;
}
