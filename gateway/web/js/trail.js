// The trail: a search over its entries, and one of them in full.

import { page } from './api.js';
import { wayOut } from './decide.js';
import { code, el, fill, said, table } from './dom.js';
import { stepThrough } from './history.js';
import { requestLine } from './request.js';
import { clean, commandLine } from './text.js';
import { ago, exact } from './time.js';

const LIMIT = 100;
const TEXTS = [['text', 'Containing', 'wide'], ['caller', 'Who'], ['cluster', 'Cluster'], ['namespace', 'Namespace'], ['verb', 'Verb'], ['hold', 'Hold'], ['request', 'Request', 'wide']];
const DECISIONS = ['allow', 'deny', 'hold'];

export function trailView({ query, go }) {
  const form = filters(query);
  const results = el('div', { class: 'results', 'aria-live': 'polite' });
  const more = el('button', { type: 'button', class: 'quiet', hidden: true }, 'Show older');
  let next = null;
  let rows = null;

  async function load() {
    results.setAttribute('aria-busy', 'true');
    more.disabled = true;
    try {
      const asked = new URLSearchParams(query);
      for (const name of ['since', 'until']) if (asked.get(name)) asked.set(name, new Date(asked.get(name)).toISOString());
      asked.set('limit', LIMIT);
      if (next) asked.set('before', next);
      const found = await page(`/v1/audit/entries?${asked}`);
      next = found.next;
      put(found.items.toReversed());
      more.hidden = next === null;
    } catch (error) {
      fill(results, el('p', { class: 'note bad' }, error instanceof RangeError ? 'From or until is no moment.' : wayOut(error)));
    } finally {
      results.removeAttribute('aria-busy');
      more.disabled = false;
    }
  }

  function put(entries) {
    const made = table('Entries of the trail', ['Entry', 'Age', 'What happened', 'Who', 'Cluster', 'Outcome'], entries.map(row));
    if (rows === null) {
      rows = made.querySelector('tbody');
      fill(results, entries.length > 0 || next ? made : el('p', { class: 'empty' }, 'Nothing was found.'));
    } else rows.append(...made.querySelectorAll('tbody tr'));
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) wanted.set(name, value.trim());
    go(`#/trail${wanted.size > 0 ? `?${wanted}` : ''}`);
  });
  more.addEventListener('click', load);
  load();

  return {
    element: el('div', { class: 'page' }, el('h1', { tabindex: '-1' }, 'Trail'), form, results, more),
    title: () => 'Trail',
    search: () => form.querySelector('input').focus(),
    step: (by) => stepThrough(results, by),
    close() {},
  };
}

function filters(query) {
  const field = (name, label, kind, input) => el('div', { class: `field ${kind ?? ''}` }, el('label', { for: `by-${name}` }, label), input);
  const value = (name) => query.get(name) ?? '';
  // Rarely needed ones are there when they are in use.
  const isRare = ([name]) => (name === 'hold' || name === 'request') && !query.has(name);
  return el('form', { class: 'filters', role: 'search', 'aria-label': 'Trail' },
    ...TEXTS.filter((text) => !isRare(text)).map(([name, label, kind]) => field(name, label, kind,
      el('input', { type: name === 'text' ? 'search' : 'text', id: `by-${name}`, name, value: value(name), autocomplete: 'off' }))),
    field('decision', 'Decision', '', el('select', { id: 'by-decision', name: 'decision' }, el('option', { value: '' }, 'Any'),
      ...DECISIONS.map((name) => el('option', { value: name, selected: value('decision') === name }, name)))),
    ...[['since', 'From'], ['until', 'Until']].map(([name, label]) => field(name, label, '',
      el('input', { type: 'datetime-local', id: `by-${name}`, name, value: value(name) }))),
    el('button', { type: 'submit' }, 'Search'));
}

/** The record of an entry, which is in it as the text that was hashed. */
const recordOf = (entry) => (typeof entry.record === 'string' ? JSON.parse(entry.record) : entry.record);

function row(entry) {
  const record = recordOf(entry);
  const told = words(record);
  return [
    el('button', { type: 'button', class: 'link', 'aria-label': `Entry ${entry.seq} in full`, onclick: () => inFull(entry, record) }, String(entry.seq)),
    ago(record.at), told.what, told.who ? said(told.who) : '', told.cluster ? said(told.cluster) : '', told.outcome,
  ];
}

function words(record) {
  switch (record.event) {
    case 'request': return ofRequest(record, outcome(record.decision));
    case 'hold': return ofRequest(record.request, outcome('hold'));
    case 'holdState': return {
      what: ['hold ', holdLink(record.hold), record.comment ? [': ', said(record.comment)] : null],
      who: record.by, outcome: said(record.verdict ? `${record.verdict} → ${record.state}` : record.state),
    };
    case 'response': return {
      what: ['end of ', el('a', { href: `#/trail?request=${encodeURIComponent(record.id)}` }, code(record.id.slice(0, 13)))],
      outcome: [String(record.code ?? 'end not seen'), record.failure ? [' ', said(record.failure)] : null,
        record.recording ? [' ', el('a', { href: `#/recordings/${encodeURIComponent(record.id)}` }, 'recording')] : null],
    };
    case 'rejected': return { what: code(`${record.method} ${record.target}`), who: record.caller?.name, cluster: record.cluster, outcome: ['refused: ', said(record.why)] };
    default: return { what: said(record.event), outcome: '' };
  }
}

const ofRequest = (request, outcome) => ({
  what: [said(requestLine(request.request)), request.claims?.argv ? el('div', { class: 'muted' }, 'claimed: ', code(commandLine(request.claims.argv))) : null],
  who: request.caller.name, cluster: request.cluster, outcome,
});
const outcome = (decision) => el('span', { class: `state ${decision}` }, said(decision));
const holdLink = (id) => el('a', { href: `#/holds/${encodeURIComponent(id)}` }, code(id));

/** An entry in full: everything that is in it, as it is. */
function inFull(entry, record) {
  const close = el('button', { type: 'button' }, 'Close');
  const dialog = el('dialog', { class: 'full', 'aria-labelledby': 'full-title' },
    el('div', { class: 'heading' }, el('h2', { id: 'full-title', tabindex: '-1' }, `Entry ${entry.seq}`), close),
    el('p', {}, exact(record.at)),
    tree(record), tree(Object.fromEntries(Object.entries(entry).filter(([name]) => name !== 'record'))));
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function tree(value) {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : el('ul', { class: 'tree' }, ...value.map((item) => el('li', {}, tree(item))));
  if (value !== null && typeof value === 'object') {
    return el('dl', { class: 'facts tree' }, ...Object.entries(value).map(([name, item]) =>
      el('div', {}, el('dt', {}, clean(name)), el('dd', {}, tree(item)))));
  }
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}
