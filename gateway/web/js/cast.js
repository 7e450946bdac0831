// Recordings: asciicast v2 as the gateway writes it (docs/recordings.md). What a container printed is not
// trusted: what cannot be read is left out and counted.

import { textLines } from './api.js';

/** More than a page should hold; longer ones are for the terminal client. */
export const MAX_CHARACTERS = 48 * 1024 * 1024;
const MAX_LINE = 1 << 20;
const MAX_SECONDS = 1e9;

/** A recording as far as it has been read. */
export class Cast {
  header = null;
  /** `[seconds, code, data]`, time never going back; the data of a fact is the object that its text holds. */
  events = [];
  unreadable = 0;
  /** Whether there is more than a page holds. */
  isCut = false;
  #characters = 0;

  /** Takes a line; the event in it, if there is one. */
  push(line) {
    this.#characters += line.length;
    if (this.header === null) {
      this.header = head(line);
      return null;
    }
    if (line.trim() === '') return null;
    const event = line.length > MAX_LINE ? null : read(line);
    if (event === null) {
      this.unreadable += 1;
      return null;
    }
    event[0] = Math.max(event[0], this.events.at(-1)?.[0] ?? 0);
    this.events.push(event);
    return event;
  }

  /** Reads a response to its end, or to where it is more than a page holds. */
  async read(response, { onEvent, signal } = {}) {
    for await (const line of textLines(response)) {
      if (signal?.aborted) return this;
      const event = this.push(line);
      if (event) onEvent?.(event);
      if (this.#characters > MAX_CHARACTERS) {
        this.isCut = true;
        break;
      }
    }
    return this;
  }

  get facts() {
    return this.header?.kguard ?? {};
  }

  get isTty() {
    return this.facts.tty ?? true;
  }

  get size() {
    const { width, height } = this.header ?? {};
    return { cols: dimension(width, 80), rows: dimension(height, 24) };
  }

  get seconds() {
    return this.events.at(-1)?.[0] ?? 0;
  }
}

/** The two numbers of a resize. */
export function resized(data) {
  const [, cols, rows] = /^(\d+)x(\d+)$/.exec(data) ?? [];
  return cols ? { cols: dimension(Number(cols), 80), rows: dimension(Number(rows), 24) } : null;
}

/** What a recording says besides output: files, and what it does not list of a copy, ports, how it ended. */
export function summary(events) {
  const found = { files: [], counted: 0, unread: 0, ports: new Map(), exit: null, ended: undefined };
  for (const [, code, data] of events) {
    if (code === 'x') found.exit = String(data);
    if (code === 'k') note(found, data);
  }
  return found;
}

function note(found, fact) {
  if (fact.file && typeof fact.file.name === 'string') found.files.push(fact.file);
  else if (fact.archive) Object.assign(found, { counted: number(fact.archive.files), unread: number(fact.archive.unread) });
  else if (Number.isInteger(fact.port)) {
    const port = found.ports.get(fact.port) ?? { connections: 0, refused: 0, up: 0, down: 0 };
    if (fact.refused) port.refused += 1;
    else if (fact.up === undefined) port.connections += 1;
    else {
      port.up += number(fact.up);
      port.down += number(fact.down);
    }
    found.ports.set(fact.port, port);
  } else if ('ended' in fact) found.ended = fact.ended;
}

function head(line) {
  let header = null;
  try {
    header = JSON.parse(line);
  } catch { /* Told below. */ }
  if (header === null || typeof header !== 'object') throw new Error('This is no recording: it does not begin as one does.');
  if (header.version !== 2) throw new Error('This is a recording of another version than this page reads.');
  return header;
}

function read(line) {
  try {
    const event = JSON.parse(line);
    const [at, code, data] = event;
    if (!Array.isArray(event) || typeof at !== 'number' || typeof code !== 'string') return null;
    if (['o', 'k'].includes(code) && typeof data !== 'string') return null;
    const said = code === 'k' ? JSON.parse(data) : data;
    if (code === 'k' && !isObject(said)) return null;
    return [Math.min(Math.max(at, 0), MAX_SECONDS), code, said];
  } catch {
    return null;
  }
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const number = (value) => (Number.isFinite(value) && value > 0 ? value : 0);

/** A terminal of a size that a page can draw. */
const dimension = (value, usual) => (Number.isInteger(value) && value > 0 ? Math.min(value, 500) : usual);
