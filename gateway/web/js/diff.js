// A unified diff: its signs stay in the text, so that added and removed are told apart without colour.

import { el, fill, said } from './dom.js';
import { count } from './text.js';

/** More lines than anybody reads at once. */
const SHOWN = 400;

/** The diff, its beginning first if it is long. */
export function diff(text) {
  const lines = text.replace(/\n$/, '').split('\n');
  if (lines.length === 1 && lines[0] === '') return el('p', { class: 'muted' }, 'Nothing would change.');
  const [added, removed] = ['+', '-'].map((sign) => lines.filter((line) => line.startsWith(sign)).length);
  const summary = el('p', { class: 'sum' }, `${count(added, 'line')} added, ${count(removed, 'line')} removed`);
  const body = el('div', { class: 'diff', role: 'region', 'aria-label': 'Changes', tabindex: '0' });
  fill(body, lines.slice(0, SHOWN).map(line));
  if (lines.length > SHOWN) {
    const rest = el('button', { type: 'button', class: 'quiet' }, `Show ${count(lines.length - SHOWN, 'more line')}`);
    rest.addEventListener('click', () => {
      rest.replaceWith(...lines.slice(SHOWN).map(line));
      body.focus();
    });
    body.append(rest);
  }
  return el('div', {}, summary, body);
}

const KINDS = { '+': ['added', 'ins'], '-': ['removed', 'del'], '@': ['hunk', 'div'] };

function line(text) {
  const [kind, name] = KINDS[text[0]] ?? ['same', 'div'];
  const sign = text[0] === '@' || text === '' ? ' ' : text[0];
  const content = text[0] === '@' ? text : text.slice(1);
  // Indentation is meaning in YAML, and tabs are none.
  return el(name, { class: `line ${kind}` }, el('span', { class: 'sign' }, sign), said(content));
}
