// Answering a hold with a grant: requests like this one run without waiting, for this caller and a while. The
// pattern is shown and can be narrowed; the gateway refuses one that is wider than the policy.

import { json } from './api.js';
import { code, el, said } from './dom.js';
import { commandLine } from './text.js';

const MINUTES = [15, 30, 60, 120, 240, 480];

/** What goes into the dialog: `{element, offer}`; nothing if the hold may not be answered so. */
export async function grantChoice(hold) {
  if (!hold.maxGrant) return null;
  const proposal = await json(`/v1/holds/${encodeURIComponent(hold.id)}/grant`).catch(() => null);
  if (proposal === null) return null;
  const { maxSeconds, pattern } = proposal;
  const minutes = MINUTES.filter((many) => many * 60 < maxSeconds).concat(Math.max(1, Math.floor(maxSeconds / 60)));
  const box = el('input', { type: 'checkbox', id: 'grant' });
  const time = el('select', { id: 'grant-time', 'aria-label': 'For how long' },
    ...minutes.map((many) => el('option', { value: many * 60, selected: many === 30 }, `${many} minutes`)));
  const namespaces = field('grant-namespaces', 'Namespaces', pattern.namespaces ?? []);
  const names = field('grant-names', 'Names', pattern.names);
  const uses = el('input', { type: 'number', id: 'grant-uses', min: '1', max: '100000', placeholder: 'any number' });
  const details = el('div', { class: 'grant', hidden: true },
    el('p', {}, 'Then ', el('strong', {}, said(hold.caller.name)), ' may ', code(pattern.verbs.join(', ')), ' ', code(pattern.resource),
      ' on ', el('strong', {}, said(pattern.cluster)), ' without waiting:'),
    pattern.namespaces?.length > 0 ? namespaces.element : null, names.element,
    pattern.exec ? el('p', {}, 'Only this command: ', code(commandLine(pattern.exec.command ?? [])), pattern.exec.container ? [' in ', code(pattern.exec.container)] : null,
      pattern.exec.stdin ? ', with input' : null, pattern.exec.tty ? ', with a terminal' : null) : null,
    el('div', { class: 'field' }, el('label', { for: 'grant-uses' }, 'How many requests at most'), uses),
    el('p', { class: 'muted hint' }, '* stands for anything. It can be revoked at any time, with ', el('code', {}, 'kguard grants'), '.'));
  box.addEventListener('change', () => { details.hidden = !box.checked; });
  return {
    element: el('div', { class: 'choice' }, el('p', {}, box, el('label', { for: 'grant' }, ' And requests like it, for '), time), details),
    offer() {
      if (!box.checked) return {};
      const narrowed = { ...pattern, names: names.read() };
      if (pattern.namespaces?.length > 0) narrowed.namespaces = namespaces.read();
      const offer = { seconds: Number(time.value), pattern: narrowed };
      if (uses.value) offer.maxUses = Number(uses.value);
      return { grant: offer };
    },
  };
}

function field(id, label, values) {
  const input = el('input', { type: 'text', id, value: values.join(', '), autocomplete: 'off', spellcheck: 'false' });
  return {
    element: el('div', { class: 'field wide' }, el('label', { for: id }, label), input),
    read: () => input.value.split(',').map((part) => part.trim()).filter(Boolean),
  };
}
