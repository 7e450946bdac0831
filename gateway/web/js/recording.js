// One recording: of a terminal it is played, of anything else it is read; while the stream runs, it is
// followed.

import { Failure, send } from './api.js';
import { Cast, resized, summary } from './cast.js';
import { wayOut } from './decide.js';
import { code, el, facts, fill, said, table } from './dom.js';
import { Plain } from './plain.js';
import { Playback } from './playback.js';
import { player } from './player.js';
import { streamLine } from './request.js';
import { screen } from './screen.js';
import { bytes, commandLine, count } from './text.js';
import { exact } from './time.js';

const LINES = 2000;

/** The view of `/recordings/ID` or, `isLive`, of `/streams/ID`. */
export function recordingView({ id, isLive }) {
  const stop = new AbortController();
  const heading = el('h1', { tabindex: '-1' }, isLive ? 'Session' : 'Recording');
  const about = el('div', {});
  const stage = el('div', { class: 'stage' });
  const state = el('p', { class: 'muted', role: 'status' }, 'Reading…');
  const after = el('div', { class: 'after' });
  const cast = new Cast();
  let controls = null;
  let isHeadShown = false;

  async function start() {
    const path = isLive ? `/v1/streams/${id}/recording` : `/v1/recordings/${id}`;
    try {
      const response = await send(path, { signal: stop.signal });
      if (isLive) await follow(response);
      else await readAll(response);
    } catch (error) {
      if (!stop.signal.aborted) await failed(error);
    }
  }

  async function readAll(response) {
    await cast.read(response, { signal: stop.signal });
    if (stop.signal.aborted) return;
    showHead();
    fill(state, cast.isCut ? ['This recording is longer than a page can hold; only its beginning is here. ', el('code', {}, 'kguard audit replay'), ' plays all of it.'] : '');
    if (isPlayed()) {
      const drawn = await screen(stage, cast.size);
      controls = player(new Playback(cast, drawn), cast, () => drawn.close());
      stage.after(controls.element);
    } else fill(stage, output());
    end();
  }

  async function follow(response) {
    let drawn = null;
    let waiting = [];
    const text = el('pre', { class: 'output', tabindex: '0', role: 'log', 'aria-label': 'Output' });
    const plain = new Plain();
    const onEvent = ([, kind, data]) => {
      if (!isHeadShown) {
        showHead();
        fill(state, el('span', { class: 'live' }, 'Live'), ' This is what it prints, as it comes.');
        if (isPlayed()) screen(stage, cast.size).then((made) => { drawn = made; waiting.forEach(draw); waiting = []; });
        else fill(stage, text);
      }
      if (isPlayed()) {
        if (drawn) draw([kind, data]);
        else waiting.push([kind, data]);
      } else if (kind === 'o') append(text, plain.push(data));
    };
    const draw = ([kind, data]) => {
      if (kind === 'o') drawn.write(data);
      const size = kind === 'r' ? resized(data) : null;
      if (size) drawn.resize(size);
    };
    stop.signal.addEventListener('abort', () => drawn?.close());
    await cast.read(response, { onEvent, signal: stop.signal });
    if (stop.signal.aborted) return;
    showHead();
    fill(state, cast.isCut ? ['It has printed more than a page can hold; ', el('code', {}, 'kguard audit watch'), ' goes on.']
      : ['The session has ended. ', el('a', { href: `#/recordings/${id}` }, 'Play its recording')]);
    end();
  }

  /** A stream that has just ended is a recording now, and one that still runs is not one yet. */
  async function failed(error) {
    if (error instanceof Failure && error.code === 404 && isLive) {
      fill(state, ['This session does not run any more, or is not yours to see. ', el('a', { href: `#/recordings/${id}` }, 'Look for its recording')]);
    } else fill(state, el('span', { class: 'note bad' }, error instanceof Failure ? wayOut(error) : said(error.message)));
  }

  const isPlayed = () => cast.isTty && cast.facts.kind !== 'portforward';

  function showHead() {
    if (isHeadShown || cast.header === null) return;
    isHeadShown = true;
    const known = cast.facts;
    fill(heading, said(known.kind ? streamLine(known) : cast.header.title ?? 'Recording'));
    fill(about, facts([
      ['Who', known.caller && said(known.caller)],
      ['Acting as', known.impersonated && said(known.impersonated)],
      ['Cluster', known.cluster && said(known.cluster)],
      ['Command', known.command?.length > 0 && code(commandLine(known.command))],
      ['Image', known.image && code(known.image)],
      ['Node', known.node && code(known.node)],
      ['Began', Number.isFinite(cast.header.timestamp) && exact(new Date(cast.header.timestamp * 1000).toISOString())],
      ['Approved by hold', known.hold && el('a', { href: `#/holds/${encodeURIComponent(known.hold)}` }, code(known.hold))],
      ['Trail', el('a', { href: `#/trail?request=${encodeURIComponent(known.id ?? id)}` }, 'its entries')],
    ]));
  }

  function output() {
    const plain = new Plain();
    const text = cast.events.filter(([, kind]) => kind === 'o').map(([, , data]) => plain.push(data)).join('');
    if (text === '') return [];
    const shown = el('pre', { class: 'output', tabindex: '0', role: 'region', 'aria-label': 'Output' });
    append(shown, text);
    return shown;
  }

  function append(shown, text) {
    const room = LINES - Number(shown.dataset.lines ?? 0);
    if (room <= 0) return;
    const lines = text.split('\n');
    shown.append(...lines.slice(0, room).flatMap((line, index) => (index === 0 ? [said(line)] : ['\n', said(line)])));
    shown.dataset.lines = String(Number(shown.dataset.lines ?? 0) + lines.length - 1);
    if (lines.length > room) shown.after(el('p', { class: 'note' }, `Only the first ${LINES} lines are shown; `, el('code', {}, 'kguard audit replay'), ' prints all.'));
  }

  /** What there is to say in the end. */
  function end() {
    const { files, counted, unread, ports, exit, ended } = summary(cast.events);
    fill(after,
      files.length > 0 ? table('Files that were copied', ['Name', 'Direction', ['Size', 'number'], 'SHA-256'], files.map(fileRow)) : null,
      ports.size > 0 ? table('Ports that were forwarded', ['Port', ['Connections', 'number'], ['Refused', 'number'], ['Up', 'number'], ['Down', 'number']],
        [...ports].map(([port, seen]) => [String(port), String(seen.connections), String(seen.refused), bytes(seen.up), bytes(seen.down)])) : null,
      facts([
        ['Exit status', exit === null ? null : /^\d+$/.test(exit) ? exit : said(exit)],
        ['Ended', ended ? said(ended) : null],
        ['Files', counted > files.length && `${count(counted, 'file')}, of which the recording lists the first ${files.length.toLocaleString('en')}`],
        ['Not recorded', unread > 0 && `${bytes(unread)} of input that are of no archive`],
        ['Left out', cast.unreadable > 0 && `${count(cast.unreadable, 'line')} that cannot be read`],
      ]));
    if (!isLive && exit === null && ended === undefined && !cast.isCut) {
      after.append(el('p', { class: 'note warning' }, 'The end of this session was not seen: it still runs, or the gateway was interrupted.'));
    }
  }

  start();
  return {
    element: el('div', { class: 'page' }, el('a', { class: 'back', href: '#/sessions' }, '← Sessions'), heading, about, state, stage, after),
    title: () => heading.textContent,
    key: (key) => controls?.key(key) ?? false,
    close() {
      stop.abort();
      controls?.close();
    },
  };
}

function fileRow(file) {
  const name = file.link ? [code(file.name), ' → ', code(file.link)] : code(file.name);
  const direction = { up: 'into the pod', down: 'out of the pod' }[file.direction] ?? '';
  const size = Number.isFinite(file.bytes) ? bytes(file.bytes) : '';
  return [name, direction, file.cut ? `${size}, cut off` : size, file.sha256 ? el('code', { class: 'digest' }, said(file.sha256)) : ''];
}
