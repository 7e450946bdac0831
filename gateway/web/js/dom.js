// Elements. Text only ever becomes a text node: there is no way from here to markup, so nothing that
// a cluster or a client has written can become one.

import { pieces } from './text.js';

/** An element with properties, attributes (`data-…`, `aria-…`, `role`, `for`) and children. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.className = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...flat(children));
  return element;
}

/** What somebody else wrote: visible where it would hide, and apart where it would turn its neighbours. */
export function said(text, properties = {}) {
  const shown = pieces(String(text ?? '')).map(({ text: part, hidden }) =>
    hidden ? el('span', { class: 'escape', title: 'a character that cannot be seen' }, part) : part);
  return el('bdi', properties, ...shown);
}

/** The same, in the typeface of code. */
export const code = (text) => said(text, { class: 'code' });

/** Text that is there for screen readers alone. */
export const unseen = (text) => el('span', { class: 'unseen' }, text);

/** A list of terms and what they are; whatever is missing is left out. */
export function facts(entries, properties = {}) {
  const rows = entries.filter(([, value]) => isSomething(value))
    .map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value)));
  return rows.length > 0 ? el('dl', { class: 'facts', ...properties }, ...rows) : null;
}

/** A table with a caption; cells are texts or elements. */
export function table(caption, columns, rows) {
  const head = columns.map((column) => el('th', { scope: 'col', class: kind(column) }, name(column) || unseen('Actions')));
  const body = rows.map((cells) => el('tr', {}, ...cells.map((cell, index) =>
    el('td', { class: kind(columns[index]), 'data-column': name(columns[index]) }, cell))));
  return el('div', { class: 'table', role: 'group', 'aria-label': caption, tabindex: '0' },
    el('table', {}, el('caption', {}, caption), el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...body)));
}

/** Puts children in the place of those that were there. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

const name = (column) => (Array.isArray(column) ? column[0] : column);
const kind = (column) => (Array.isArray(column) ? column[1] : undefined);
const flat = (children) => children.flat(Infinity).filter(isSomething);
const isSomething = (value) => value !== undefined && value !== null && value !== false && value !== '';
