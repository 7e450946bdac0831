// What a request would do, as the gateway works it out: lines of growing effects, the last complete.

import { Failure, lines } from './api.js';
import { diff } from './diff.js';
import { code, el, facts, fill, said, table } from './dom.js';
import { commandLine, count } from './text.js';

/** The effect's part of a card. It is asked for until `signal` ends it. */
export function effect(hold, signal) {
  const body = el('div', { class: 'effect' });
  const again = el('button', { type: 'button', class: 'quiet', onclick: () => load() }, 'Look again');
  const section = el('section', { class: 'block', 'aria-labelledby': 'effect-title', 'data-part': 'effect' },
    el('div', { class: 'heading' }, el('h2', { id: 'effect-title' }, 'Effect'), again), body);

  async function load() {
    section.setAttribute('aria-busy', 'true');
    again.disabled = true;
    if (!body.hasChildNodes()) fill(body, waiting());
    try {
      let isComplete = false;
      for await (const known of lines(`/v1/holds/${encodeURIComponent(hold.id)}/effect`, signal)) {
        if (known === null) continue;
        isComplete = known.complete === true;
        fill(body, show(known));
      }
      if (!isComplete) body.append(note('This is not all: the gateway did not get to the end. Look again.', 'warning'));
    } catch (error) {
      if (signal.aborted) return;
      fill(body, failed(error));
    } finally {
      section.removeAttribute('aria-busy');
      again.disabled = false;
    }
  }
  load();
  return section;
}

/** All that is known of an effect. */
export function show(known) {
  const parts = [
    known.moved && moved(known.moved.what ?? ''),
    known.scale && scale(known.scale),
    known.exec && exec(known.exec),
    known.change && diff(known.change.diff ?? ''),
    known.blastRadius && blastRadius(known.blastRadius),
    (known.managedBy ?? []).length > 0 && facts([['Managed by', list(known.managedBy)]]),
    ...(known.notes ?? []).map((text) => note(said(text))),
  ].filter(Boolean);
  if (!known.complete) parts.push(waiting());
  else if (parts.length === 0) parts.push(el('p', { class: 'muted' }, 'Nothing that can be told ahead.'));
  return parts;
}

/** A sentence, and a diff below it where it can be told. */
function moved(what) {
  const [sentence, ...rest] = what.split('\n');
  const changes = rest.join('\n').trim() === '' ? null : diff(rest.join('\n'));
  return el('div', { class: 'moved' }, note(['It has changed since this was asked for. ', said(sentence)], 'warning'), changes);
}

function failed(error) {
  if (error instanceof Failure && error.code === 404) {
    return el('p', { class: 'muted' }, 'The effect of this request cannot be shown. Decide by the request itself.');
  }
  return note([error instanceof Failure ? said(error.message) : 'The effect could not be read.', ' Look again, or decide by the request itself.'], 'warning');
}

const waiting = () => el('p', { class: 'muted working', role: 'status' }, 'Looking at what it would do…');
const note = (children, kind = 'info') => el('p', { class: `note ${kind}` }, ...[children].flat());
const list = (texts) => el('ul', { class: 'plain' }, ...texts.map((text) => el('li', {}, said(text))));

function scale({ from, to }) {
  return el('p', { class: 'scale' }, 'Replicas ', el('strong', {}, String(from ?? '?')), ' → ',
    el('strong', { class: Number(to) < Number(from) ? 'less' : 'more' }, String(to ?? '?')));
}

function exec(into) {
  const where = [into.namespace, into.pod].filter(Boolean).join('/');
  return facts([
    ['Runs', into.argv?.length > 0 && code(commandLine(into.argv))],
    ['In pod', where && code(where)],
    ['Container', into.container && code(into.container)],
    ['Image', into.image && code(into.image)],
    ['Node', into.node && code(into.node)],
    ['Terminal', into.tty === undefined ? null : into.tty ? 'yes: whoever asks can type anything' : 'no'],
  ]);
}

function blastRadius(radius) {
  const kinds = (radius.kinds ?? []).toSorted((a, b) => b.count - a.count);
  const objects = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const atLeast = kinds.some((kind) => kind.more);
  return [
    el('p', { class: 'sum' }, objects === 0 ? 'Nothing else goes with it' : ['Takes ', el('strong', {}, `${atLeast ? 'at least ' : ''}${count(objects, 'object')}`), ' along'],
      inNamespaces(radius.namespaces), '.'),
    kinds.length > 0 && table('Objects that go with it', ['Kind', 'API version', ['Count', 'number']],
      kinds.map((kind) => [code(kind.kind), code(kind.apiVersion), `${kind.count.toLocaleString('en')}${kind.more ? ' or more' : ''}`])),
    some(radius.volumes, (volumes) => table('Volumes that are released', ['Volume', 'What becomes of it', ['Size', 'number']],
      volumes.map((volume) => [code(volume.name), policy(volume.reclaimPolicy), said(volume.storage)]))),
    some(radius.loadBalancers, (balancers) => table('Load balancers that go', ['Service', 'Addresses'],
      balancers.map((balancer) => [code(`${balancer.namespace}/${balancer.name}`), said((balancer.addresses ?? []).join(', '))]))),
    some(radius.budgets, (budgets) => table('Disruption budgets that it breaks', ['Budget', 'Why'],
      budgets.map((budget) => [code(`${budget.namespace}/${budget.name}`), said(budget.why)]))),
  ];
}

const some = (items, show) => (items?.length > 0 ? show(items) : null);

function inNamespaces(namespaces) {
  if (Array.isArray(namespaces)) {
    if (namespaces.length === 0) return '';
    return [' in ', count(namespaces.length, 'namespace'), ': ', said(namespaces.join(', '))];
  }
  return Number.isFinite(namespaces) ? ` in ${count(namespaces, 'namespace')}` : '';
}

function policy(reclaim) {
  return reclaim === 'Delete' ? el('strong', { class: 'less' }, 'deleted, with what is on it')
    : reclaim === 'Retain' ? 'kept' : said(reclaim ?? 'not known');
}
