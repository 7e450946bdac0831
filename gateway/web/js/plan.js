// A change set: the requests that one approval is for, in their order.

import { code, el, said } from './dom.js';
import { show as effectOf } from './effect.js';
import { count } from './text.js';

/** The changes of a plan; nothing for a hold that is about one request. */
export function plan(set) {
  if (!set) return null;
  const changes = set.changes ?? set.requests ?? [];
  const items = changes.map((change) => el('li', {}, el('details', {},
    el('summary', {}, summary(change)),
    change.effect ? el('div', { class: 'effect' }, effectOf({ complete: true, ...change.effect })) : null,
    change.note ? el('p', { class: 'note warning' }, said(change.note)) : null)));
  return el('section', { class: 'block plan', 'aria-labelledby': 'plan-title' },
    el('h2', { id: 'plan-title' }, `Change set of ${count(changes.length, 'request')}`),
    el('ol', { class: 'changes' }, ...items),
    ...(set.notes ?? []).map((text) => el('p', { class: 'note warning' }, said(text))));
}

const summary = (change) => [code(change.line ?? `${change.method ?? ''} ${change.path ?? ''}`)];
