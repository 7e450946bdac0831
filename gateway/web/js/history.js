// Holds that are settled, newest first, a page at a time; the gateway filters.

import { page } from './api.js';
import { STATES, state } from './card.js';
import { owesReview } from './break-glass.js';
import { wayOut } from './decide.js';
import { code, el, fill, said, table } from './dom.js';
import { holdLine } from './request.js';
import { ago } from './time.js';

const LIMIT = 100;

/** The view. Its filters are in the address, so that a search can be passed on. */
export function historyView({ query, go }) {
  const text = el('input', { type: 'search', id: 'text', name: 'text', value: query.get('text') ?? '', autocomplete: 'off' });
  const states = el('select', { id: 'state', name: 'state' },
    el('option', { value: 'settled' }, 'Any'),
    ...['used', 'denied', 'expired', 'cancelled', 'approved'].map((name) =>
      el('option', { value: name, selected: query.get('state') === name }, STATES[name])));
  const form = el('form', { class: 'filters', role: 'search', 'aria-label': 'History' },
    el('div', { class: 'field wide' }, el('label', { for: 'text' }, 'Containing'), text),
    el('div', { class: 'field' }, el('label', { for: 'state' }, 'How it ended'), states),
    el('button', { type: 'submit' }, 'Search'));
  const results = el('div', { class: 'results', 'aria-live': 'polite' });
  const more = el('button', { type: 'button', class: 'quiet', hidden: true }, 'Show more');
  let next = null;
  let body = null;

  async function load() {
    results.setAttribute('aria-busy', 'true');
    more.disabled = true;
    const asked = new URLSearchParams({ state: query.get('state') || 'settled', limit: LIMIT });
    if (query.get('text')) asked.set('text', query.get('text'));
    if (next) asked.set('before', next);
    try {
      const found = await page(`/v1/holds?${asked}`);
      put(found.items);
      next = found.next;
      more.hidden = next === null;
    } catch (error) {
      fill(results, el('p', { class: 'note bad' }, wayOut(error)));
    } finally {
      results.removeAttribute('aria-busy');
      more.disabled = false;
    }
  }

  function put(holds) {
    const cells = holds.map((hold) => [
      el('a', { href: `#/holds/${encodeURIComponent(hold.id)}` }, code(hold.id)),
      [state(hold), owesReview(hold) ? el('span', { class: 'state owed' }, 'Review owed') : null],
      said(holdLine(hold)), said(hold.cluster), said(hold.caller.name),
      said(hold.decisions.map(({ by }) => by).join(', ')), ago(hold.created),
    ]);
    const made = table('Settled requests', ['ID', 'State', 'What', 'Cluster', 'Who', 'Decided by', ['Age', 'number']], cells);
    if (body === null) {
      body = made.querySelector('tbody');
      fill(results, holds.length > 0 || next ? made : el('p', { class: 'empty' }, 'Nothing was found.'));
    } else body.append(...made.querySelectorAll('tbody tr'));
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams();
    if (text.value.trim()) wanted.set('text', text.value.trim());
    if (states.value !== 'settled') wanted.set('state', states.value);
    go(`#/history${wanted.size > 0 ? `?${wanted}` : ''}`);
  });
  states.addEventListener('change', () => form.requestSubmit());
  more.addEventListener('click', load);
  load();

  return {
    element: el('div', { class: 'page' }, el('h1', { tabindex: '-1' }, 'History'), form, results, more),
    title: () => 'History',
    search: () => text.focus(),
    step: (by) => stepThrough(results, by),
    close() {},
  };
}

/** Moves the focus from one row's link to the next. */
export function stepThrough(within, by) {
  const links = [...within.querySelectorAll('tbody a:first-of-type, tbody button')].filter((link) => link.closest('td') === link.closest('tr').querySelector('a, button').closest('td'));
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}
