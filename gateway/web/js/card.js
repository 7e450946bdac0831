// A hold for the eyes of somebody who is to decide on it: what the gateway knows, what it found out
// about the effect, and, told apart, what the client claims.

import { code, el, facts, said } from './dom.js';
import { review } from './break-glass.js';
import { effect } from './effect.js';
import { plan } from './plan.js';
import { holdLine, httpLine, link, place, target } from './request.js';
import { commandLine, count } from './text.js';
import { ago, exact, left } from './time.js';

export const STATES = {
  approved: 'Approved', cancelled: 'Cancelled', denied: 'Denied', expired: 'Expired', pending: 'Waiting', used: 'Ran',
};

/** How a hold stands, in a word. */
export const state = (hold) => el('span', { class: `state ${hold.state}` }, STATES[hold.state] ?? said(hold.state));

/** The card. `actions` is what can be done with the hold; `signal` ends what is still being read. */
export function card(hold, { me, actions, signal, onChange }) {
  const isEffectShown = hold.state === 'pending' && !hold.plan;
  return el('article', { class: 'card', 'data-hold': hold.id, 'aria-labelledby': 'card-title' },
    head(hold),
    el('p', { class: 'policy' }, said(hold.message), el('span', { class: 'muted' }, ' policy ', code(hold.policy))),
    review(hold, { me, onChange }),
    claims(hold.claims ?? {}),
    plan(hold, signal),
    isEffectShown ? effect(hold, signal) : null,
    block('Who', who(hold)),
    block('Request', request(hold)),
    block('Decisions', decisions(hold)),
    actions);
}

function head(hold) {
  const { request: asked } = hold;
  const where = hold.plan ? '' : place(asked);
  return el('header', {},
    el('div', { class: 'line-up' }, state(hold), el('code', { class: 'id' }, hold.id), time(hold)),
    el('h1', { id: 'card-title', tabindex: '-1' },
      hold.plan ? holdLine(hold) : [el('span', { class: 'verb' }, said(asked.verb)), ' ', said(target(asked), { class: 'target' })]),
    el('p', { class: 'where' },
      where ? ['in namespace ', el('strong', {}, said(where)), ' '] : null,
      'on cluster ', el('strong', {}, said(hold.cluster)), ', asked by ', el('strong', {}, said(hold.caller.name)),
      hold.impersonated ? [' acting as ', el('strong', {}, said(hold.impersonated.user))] : null));
}

const time = (hold) => (hold.state === 'pending'
  ? el('span', { class: 'time' }, left(hold.expires), ' left')
  : el('span', { class: 'time' }, ago(hold.created), ' ago'));

function block(title, ...content) {
  const id = `block-${title.toLowerCase()}`;
  return el('section', { class: 'block', 'aria-labelledby': id }, el('h2', { id }, title), ...content);
}

function claims({ argv = [], reason, run }) {
  const href = run && link(run);
  const shown = facts([
    ['Reason', reason && said(reason, { class: 'reason' })],
    ['Command', argv.length > 0 && code(commandLine(argv))],
    ['CI run', run && (href ? el('a', { href, rel: 'noopener noreferrer', target: '_blank' }, said(run)) : said(run))],
  ]);
  if (shown === null) return null;
  return el('section', { class: 'block claims', 'aria-labelledby': 'block-claims' },
    el('h2', { id: 'block-claims' }, 'Claimed by the client ', el('span', { class: 'muted' }, 'not verified')), shown);
}

function who({ caller, impersonated, elevate }) {
  const groups = (names) => (names?.length > 0 ? el('ul', { class: 'tags' }, ...names.map((name) => el('li', {}, said(name)))) : null);
  return facts([
    ['Name', said(caller.name)],
    ['Kind', caller.kind === 'workload' ? 'a workload' : 'a person'],
    ['Groups', groups(caller.groups)],
    ['Vouched for by', said(caller.issuer)],
    ['Acting as', impersonated && said(impersonated.user)],
    ['With groups', groups(impersonated?.groups)],
    ['Gets groups', elevate?.length > 0 && [groups(elevate), el('span', { class: 'muted' }, 'for this request alone')]],
  ]);
}

function request(hold) {
  return facts([
    ['HTTP', !hold.plan && code(httpLine(hold))],
    ['API version', !hold.plan && hold.request.apiVersion && code([hold.request.apiGroup, hold.request.apiVersion].filter(Boolean).join('/'))],
    ['Bound to', hold.boundTo && [code(hold.boundTo.uid), ' at version ', code(hold.boundTo.resourceVersion)]],
    ['Asked', exact(hold.created)],
    ['Waits until', hold.state === 'pending' && exact(hold.expires)],
    ['Digest', el('code', { class: 'digest', title: 'What an approval binds: everything that will be sent' }, said(hold.digest))],
    ['Trail', el('a', { href: `#/trail?hold=${encodeURIComponent(hold.id)}` }, 'its entries')],
  ]);
}

function decisions(hold) {
  const made = hold.decisions.map(({ by, verdict, comment, at, grant }) => el('li', { class: verdict },
    el('strong', {}, verdict === 'approve' ? 'Approved' : 'Denied'), ' by ', said(by), ', ', ago(at), ' ago',
    comment ? el('p', { class: 'comment' }, said(comment)) : null,
    grant ? el('p', {}, `And requests like it, for ${Math.round(grant.seconds / 60)} minutes`) : null));
  return [
    ...wanted(hold.demands),
    made.length > 0 ? el('ol', { class: 'plain decisions' }, ...made) : null,
  ];
}

/** What each policy wants that holds it. Of a single one, its name and message are said above. */
function wanted(demands) {
  return demands.map((demand) => el('p', {},
    `${demand.approvedBy?.length ?? 0} of ${count(Math.max(1, demand.quorum), 'approval')}`,
    demands.length > 1 ? [' for ', code(demand.policy), ': ', said(demand.message)] : '.',
    el('span', { class: 'muted' }, ' Can decide: ', said(demand.approvers.join(', ')))));
}
