// Streams that run, and recordings of those that have ended.

import { json, page, post } from './api.js';
import { ask, wayOut } from './decide.js';
import { code, el, fill, said, table } from './dom.js';
import { notice } from './notices.js';
import { streamLine } from './request.js';
import { stepThrough } from './history.js';
import { bytes, commandLine } from './text.js';
import { ago } from './time.js';

const LOOK_EVERY_MS = 5000;
const LIMIT = 50;

export function sessionsView() {
  const running = el('div', {});
  const past = el('div', {});
  const more = el('button', { type: 'button', class: 'quiet', hidden: true }, 'Show more');
  let next = null;
  let rows = null;
  let before = '';

  async function look() {
    if (document.hidden && before !== '') return;
    const streams = await json('/v1/streams').catch((error) => error);
    if (streams instanceof Error) return fill(running, el('p', { class: 'note bad' }, wayOut(streams)));
    const now = streams.map(({ id }) => id).join();
    if (now === before && running.hasChildNodes()) return;
    // One that has gone has a recording now.
    if (before !== '' && now !== before) reload();
    before = now;
    fill(running, streams.length === 0 ? el('p', { class: 'empty' }, 'No session runs.')
      : table('Running sessions', ['What', 'Who', 'Cluster', 'Terminal', 'Since', ''], streams.map(runningRow)));
  }

  function runningRow(stream) {
    const what = el('div', {}, code(streamLine(stream)), command(stream));
    const name = streamLine(stream);
    return [what, said(stream.caller), said(stream.cluster), stream.tty ? 'yes' : 'no', ago(stream.started),
      el('div', { class: 'buttons' },
        stream.recorded ? el('a', { class: 'button', href: `#/streams/${stream.id}`, 'aria-label': `Watch ${name}` }, 'Watch') : 'not recorded',
        el('button', { type: 'button', class: 'quiet', 'aria-label': `End ${name}`, onclick: () => end(stream) }, 'End…'))];
  }

  async function end(stream) {
    const ended = await ask({
      title: 'End this session?', button: 'End it', verdict: 'deny', comment: 'Why (who is inside reads it)',
      about: [el('p', { class: 'asks' }, el('strong', {}, said(streamLine(stream))), ' of ', el('strong', {}, said(stream.caller)))],
      send: (reason) => post(`/v1/streams/${stream.id}/end`, reason ? { reason } : {}),
    });
    if (ended) {
      notice(`Ended: ${streamLine(stream)}`);
      look();
    }
  }

  async function load() {
    more.disabled = true;
    try {
      const found = await page(`/v1/recordings?limit=${LIMIT}${next ? `&before=${next}` : ''}`);
      const made = table('Recorded sessions', ['What', 'Who', 'Cluster', 'Terminal', 'Began', ['Size', 'number'], ''], found.items.map(pastRow));
      if (rows === null) {
        rows = made.querySelector('tbody');
        fill(past, found.items.length > 0 ? made : el('p', { class: 'empty' }, 'Nothing has been recorded yet.'));
      } else rows.append(...made.querySelectorAll('tbody tr'));
      next = found.next;
      more.hidden = next === null;
    } catch (error) {
      fill(past, el('p', { class: 'note bad' }, wayOut(error)));
    }
    more.disabled = false;
  }

  function reload() {
    next = null;
    rows = null;
    load();
  }

  function pastRow(recording) {
    const what = el('div', {}, code(streamLine(recording)), command(recording));
    return [what, said(recording.caller), said(recording.cluster), recording.tty ? 'yes' : 'no', ago(recording.started),
      bytes(recording.bytes),
      el('a', { class: 'button', href: `#/recordings/${recording.id}`, 'aria-label': `Play ${streamLine(recording)}` }, 'Play')];
  }

  const timer = setInterval(look, LOOK_EVERY_MS);
  more.addEventListener('click', load);
  look();
  load();
  const element = el('div', { class: 'page' },
    el('h1', { tabindex: '-1' }, 'Sessions'),
    el('section', { 'aria-labelledby': 'running-title' }, el('h2', { id: 'running-title' }, 'Running'), running),
    el('section', { 'aria-labelledby': 'past-title' }, el('h2', { id: 'past-title' }, 'Recordings'), past, more));
  return {
    element,
    title: () => 'Sessions',
    step: (by) => stepThrough(element, by),
    close: () => clearInterval(timer),
  };
}

const command = (stream) => (stream.command?.length > 0 ? el('div', { class: 'muted' }, code(commandLine(stream.command))) : null);
