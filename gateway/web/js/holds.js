// What waits: a list that fills by itself, and beside it the card of the one that is looked at.

import { Failure, json } from './api.js';
import { owesReview } from './break-glass.js';
import { STATES, card } from './card.js';
import { decide, wayOut } from './decide.js';
import { el, fill, said } from './dom.js';
import { grantChoice } from './grant.js';
import { announce, notice } from './notices.js';
import { holdLine } from './request.js';
import { ago, left } from './time.js';

/** So many rows at first, and so many more each time. */
const ROWS = 100;

/** The view. `show(id)` puts a hold's card up; without an id, nothing is chosen. */
export function holdsView({ inbox, me }) {
  const list = el('ul', { class: 'rows', 'aria-label': 'Requests that wait' });
  const heading = el('h1', { tabindex: '-1' }, 'Waiting');
  const filter = el('input', { type: 'search', id: 'filter', placeholder: 'Filter', 'aria-label': 'Filter what waits', autocomplete: 'off' });
  const more = el('button', { type: 'button', class: 'quiet' });
  const owed = el('section', { class: 'owed', 'aria-labelledby': 'owed-title', hidden: true });
  const detail = el('div', { class: 'detail' });
  const view = el('div', { class: 'split' },
    el('section', { class: 'list', 'aria-label': 'Waiting' }, el('div', { class: 'heading' }, heading, filter), owed, list, more), detail);
  let rows = ROWS;
  let chosen = null;
  let shown = null;
  let reading = new AbortController();
  let isListed = false;

  const matching = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return inbox.pending;
    return inbox.pending.filter((hold) => words.every((word) => searchable(hold).includes(word)));
  };

  function paint() {
    const holds = matching();
    const all = inbox.pending.length;
    heading.textContent = all === 0 ? 'Waiting' : `Waiting (${all})`;
    filter.hidden = all < 5 && filter.value === '';
    paintOwed();
    const focused = document.activeElement?.closest?.('[data-row]')?.dataset.row;
    // Rows that stay are left alone, so that focus and clocks go on.
    const there = new Map([...list.children].map((item) => [item.dataset.key, item]));
    const wanted = holds.slice(0, rows).map((hold) => there.get(key(hold)) ?? row(hold));
    if (wanted.length === 0) wanted.push(nothing(all));
    if (wanted.some((item, index) => list.children[index] !== item) || list.children.length !== wanted.length) {
      list.replaceChildren(...wanted);
    }
    for (const link of view.querySelectorAll('[data-row]')) {
      if (link.dataset.row === chosen) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
    if (focused && document.activeElement === document.body) list.querySelector(`[data-row="${CSS.escape(focused)}"]`)?.focus();
    more.hidden = holds.length <= rows;
    more.textContent = `Show more (${(holds.length - rows).toLocaleString('en')})`;
  }

  function paintOwed() {
    const holds = inbox.owed;
    const now = holds.map(({ id }) => id).join();
    owed.hidden = holds.length === 0;
    if (owed.dataset.ids === now) return;
    owed.dataset.ids = now;
    fill(owed, el('h2', { id: 'owed-title' }, `Ran without waiting; reviews owed (${holds.length})`),
      el('ul', { class: 'rows' }, ...holds.slice(0, ROWS).map((hold) => el('li', {},
        el('a', { href: `#/holds/${encodeURIComponent(hold.id)}`, 'data-row': hold.id, class: 'row' },
          el('span', { class: 'what' }, said(holdLine(hold))), el('span', { class: 'time' }, ago(hold.created)),
          el('span', { class: 'who' }, said(hold.caller.name), ' on ', said(hold.cluster)),
          el('span', { class: 'why muted' }, said(hold.breakGlass.reason)))))));
  }

  const key = (hold) => `${hold.id} ${hold.decisions.length} ${inbox.decides(hold.id)}`;

  function row(hold) {
    const mine = inbox.decides(hold.id);
    return el('li', { 'data-key': key(hold) },
      el('a', { href: `#/holds/${encodeURIComponent(hold.id)}`, 'data-row': hold.id, class: mine ? 'row' : 'row other' },
        el('span', { class: 'what' }, said(holdLine(hold))),
        el('span', { class: 'time' }, left(hold.expires)),
        el('span', { class: 'who' }, said(hold.caller.name), ' on ', said(hold.cluster)),
        el('span', { class: 'why muted' }, mine ? said(hold.claims?.reason ?? '') : 'for others to decide')));
  }

  function nothing(all) {
    if (!isListed) return el('li', { class: 'empty' }, 'Asking the gateway…');
    return all > 0
      ? el('li', { class: 'empty' }, 'Nothing that waits matches the filter.')
      : el('li', { class: 'empty' }, el('strong', {}, 'Nothing waits.'), ' New requests appear here by themselves.');
  }

  async function show(id, { focus = false } = {}) {
    chosen = id;
    view.classList.toggle('one', id !== null);
    paint();
    if (id === null) {
      reading.abort();
      shown = null;
      fill(detail, el('p', { class: 'empty' }, 'Choose a request to see what it would do. ', el('kbd', {}, 'j'), ' and ', el('kbd', {}, 'k'), ' walk through the list.'));
      return;
    }
    const known = inbox.find(id);
    if (known) put(known);
    else {
      const asked = await json(`/v1/holds/${encodeURIComponent(id)}`).catch((error) => error);
      if (chosen !== id) return;
      if (asked instanceof Error) missing(asked);
      else put(asked);
    }
    if (focus) detail.querySelector('h1')?.focus();
  }

  function missing(error) {
    shown = null;
    const text = error instanceof Failure && error.code === 404
      ? 'There is no such request, or it is not yours to see.' : wayOut(error);
    fill(detail, back(), el('h1', { tabindex: '-1' }, 'Not found'), el('p', { class: 'note warning' }, text));
  }

  /** Puts a card up, or brings the one that is there up to date. */
  function put(hold) {
    const hadFocus = detail.contains(document.activeElement);
    reading.abort();
    reading = new AbortController();
    shown = hold;
    fill(detail, back(), card(hold, { me, actions: actions(hold), signal: reading.signal, onChange: (changed) => inbox.note(changed) }));
    if (hadFocus) detail.querySelector('h1')?.focus();
  }

  const back = () => el('a', { class: 'back', href: '#/holds' }, '← All that wait');

  function actions(hold) {
    if (hold.state !== 'pending') return null;
    const bar = (...children) => el('div', { class: 'actions', role: 'group', 'aria-label': 'Decide' }, ...children);
    if (hold.decisions.some(({ by }) => by === me.name)) {
      return bar(el('p', { class: 'muted' }, 'You have decided on this; it needs others, too.'));
    }
    const own = hold.caller.name === me.name && hold.caller.issuer === me.issuer;
    if (!inbox.decides(hold.id)) {
      return bar(el('p', { class: 'muted' }, own ? 'This is your own request; somebody else has to decide.' : 'You see this, but others decide on it.'));
    }
    return bar(
      el('button', { type: 'button', class: 'deny', onclick: () => act('deny') }, 'Deny… ', el('kbd', { 'aria-hidden': 'true' }, 'd')),
      el('button', { type: 'button', class: 'approve', onclick: () => act('approve') }, 'Approve… ', el('kbd', { 'aria-hidden': 'true' }, 'a')));
  }

  async function act(verdict) {
    const hold = shown;
    if (hold === null || hold.state !== 'pending') return;
    if (!detail.querySelector('.actions button')) {
      notice(detail.querySelector('.actions')?.textContent ?? 'There is nothing to decide here.', 'bad');
      return;
    }
    const choice = verdict === 'approve' ? await grantChoice(hold) : null;
    const decided = await decide(hold, verdict, { extra: choice?.element, body: choice?.offer });
    if (decided) inbox.note(decided);
    else if (chosen === hold.id) refresh(hold.id);
    if (decided) detail.querySelector('h1')?.focus();
  }

  /** After a decision that did not count, the card shows what is there now. */
  async function refresh(id) {
    const now = await json(`/v1/holds/${encodeURIComponent(id)}`).catch(() => null);
    if (now && chosen === id && differs(now)) {
      inbox.note(now);
      put(now);
    }
  }

  const differs = (hold) => hold.state !== shown?.state || hold.digest !== shown?.digest
    || hold.decisions.length !== shown?.decisions.length || owesReview(hold) !== owesReview(shown);

  function onChange({ detail: { holds } }) {
    paint();
    if (!holds.has(chosen)) return;
    const hold = holds.get(chosen);
    // It has gone, and nobody has said where.
    if (hold === null) refresh(chosen);
    else if (shown === null || differs(hold)) {
      if (shown && shown.state !== hold.state) announce(`It is ${STATES[hold.state]?.toLowerCase() ?? hold.state} now`);
      put(hold);
    } else if (shown.state === 'pending') bringActions(hold);
  }

  /** Whether one may decide is told by the stream, which may come after the card. */
  function bringActions(hold) {
    const old = detail.querySelector('.actions');
    if (old && !old.contains(document.activeElement) && !old.querySelector('button')) old.replaceWith(actions(hold));
  }

  /** To the next row, or the one before; its card comes along where there is room for it. */
  function step(by) {
    const links = [...view.querySelectorAll('.list [data-row]')];
    const at = links.findIndex((link) => link.dataset.row === chosen || link === document.activeElement);
    const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
    if (!next) return;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
    if (getComputedStyle(detail).display !== 'none' && chosen !== next.dataset.row) location.replace(next.getAttribute('href'));
  }

  filter.addEventListener('input', paint);
  more.addEventListener('click', () => {
    const first = list.children.length;
    rows += ROWS;
    paint();
    list.children[first]?.querySelector('a')?.focus();
  });
  const listed = () => {
    isListed = true;
    paint();
  };
  inbox.addEventListener('change', onChange);
  inbox.addEventListener('listed', listed);

  return {
    element: view,
    title: () => (shown ? holdLine(shown) : 'Waiting'),
    show,
    step,
    act,
    search: () => filter.hidden || filter.focus(),
    close() {
      reading.abort();
      inbox.removeEventListener('change', onChange);
      inbox.removeEventListener('listed', listed);
    },
  };
}

const searchable = (hold) =>
  [hold.id, holdLine(hold), hold.caller.name, hold.cluster, hold.policy, hold.claims?.reason ?? ''].join(' ').toLowerCase();
