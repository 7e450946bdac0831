// A change set: the writes that one approval is for, in their order, and what each would do.

import { Failure, json } from './api.js';
import { diff } from './diff.js';
import { code, el, fill, said } from './dom.js';
import { httpLine, place, target } from './request.js';
import { count } from './text.js';

/** More writes than are open at once when the card comes up. */
const OPEN = 5;

/** The plan of a hold; nothing for a hold that is about one request. `signal` ends the reading. */
export function plan(hold, signal) {
  if (!hold.plan) return null;
  const body = el('div', { class: 'effect' }, el('p', { class: 'muted working', role: 'status' }, 'Reading the change set…'));
  const section = el('section', { class: 'block plan', 'aria-labelledby': 'plan-title', 'aria-busy': 'true', 'data-part': 'effect' },
    el('h2', { id: 'plan-title' }, `Change set of ${count(hold.plan.writes ?? 0, 'write')}`), body);
  // Lists leave out what is in a plan, and holds leave out the diffs.
  json(`/v1/plans/${encodeURIComponent(hold.id)}`, signal)
    .then((whole) => fill(body, writes(whole)))
    .catch((error) => signal.aborted || fill(body, el('p', { class: 'note warning' },
      error instanceof Failure ? said(error.message) : 'The change set could not be read. Look at it again before you decide.')))
    .finally(() => section.removeAttribute('aria-busy'));
  return section;
}

function writes({ writes: all = [], refused = [], applyAs, stopped }) {
  const unforeseen = all.filter((write) => write.unforeseen).length;
  return [
    applyAs && el('p', {}, 'May be run by ', el('strong', {}, said(applyAs)), '.'),
    stopped && el('p', { class: 'note bad' }, 'It was stopped: ', said(stopped)),
    unforeseen > 0 && el('p', { class: 'note warning' }, `The effect of ${count(unforeseen, 'write')} cannot be foreseen. Where a policy wants it, such a write waits by itself when the plan runs.`),
    el('ol', { class: 'changes' }, ...all.map((write, index) => el('li', {}, one(write, all.length <= OPEN || index === 0)))),
    refused.length > 0 && [el('h3', {}, 'Refused, and not part of it'),
      el('ul', { class: 'plain' }, ...refused.map((write) => el('li', {}, code(line(write)), ': ', said(write.why))))],
  ];
}

const ACTIONS = { change: 'changes', create: 'creates', delete: 'deletes', nothing: 'leaves as it is' };

function one(write, isOpen) {
  return el('details', { open: isOpen },
    el('summary', {}, el('span', {}, el('strong', { class: write.action }, ACTIONS[write.action] ?? said(write.action)), ' ', code(line(write)),
      write.used ? el('span', { class: 'state used' }, 'has run') : null)),
    el('p', { class: 'muted' }, code(httpLine(write))),
    write.impersonated ? el('p', {}, 'acting as ', el('strong', {}, said(write.impersonated.user))) : null,
    write.unforeseen ? el('p', { class: 'note warning' }, said(write.unforeseen)) : null,
    write.unbound?.length > 0 ? el('p', { class: 'note warning' }, 'May be another when it runs: ', said(write.unbound.join(', '))) : null,
    write.diff ? diff(write.diff) : null);
}

function line({ request, name }) {
  const where = place(request);
  const what = request.name || !name ? target(request) : `${target(request)}/${name}`;
  return where ? `${what} in ${where}` : what;
}
