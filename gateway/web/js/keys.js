// Shortcuts of single keys. They can be turned off, for those whose software types keys by itself.

import { el } from './dom.js';

const KEY = 'kguard.shortcuts';
const HELP = [
  ['j, ↓', 'the next one in the list'], ['k, ↑', 'the one before'], ['Enter', 'open it'],
  ['a', 'approve what is shown: asks first'], ['d', 'deny what is shown: asks first'],
  ['/', 'filter, search'], ['1 2 3 4', 'Waiting, History, Sessions, Trail'],
  ['Space', 'play or pause a recording'], ['← →', 'five seconds back, forward'], ['+ −', 'faster, slower'], ['n', 'find again'],
  ['Esc', 'back'], ['?', 'this help'],
];
const VIEWS = { 1: '#/holds', 2: '#/history', 3: '#/sessions', 4: '#/trail' };

/** Listens. `view()` is what is shown now. */
export function listen(view) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector('dialog[open]')) return;
    if (isTyping(event)) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    if (areOff() && event.key !== '?') return;
    if (!press(event.key, view(), event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    // Before whatever has the focus: the screen of a recording has keys of its own.
  }, { capture: true });
}

function press(key, shown, target) {
  // A button or a slider has a use for some keys itself.
  const isControl = target.matches('button, summary, select, input');
  if (isControl && [' ', 'Enter', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(key)) return false;
  if (shown?.key?.(key)) return true;
  if (key === '?') help();
  else if (key in VIEWS) location.hash = VIEWS[key];
  else if (['j', 'ArrowDown'].includes(key) && shown?.step && !isScrolled(target, key)) shown.step(1);
  else if (['k', 'ArrowUp'].includes(key) && shown?.step && !isScrolled(target, key)) shown.step(-1);
  else if (key === 'a' && shown?.act) shown.act('approve');
  else if (key === 'd' && shown?.act) shown.act('deny');
  else if (key === '/' && shown?.search) shown.search();
  else if (key === 'Escape' && shown?.back) shown.back();
  else return false;
  return true;
}

/** Arrows scroll what can be scrolled, if that has the focus. */
const isScrolled = (target, key) => key.startsWith('Arrow') && target.closest('.table, .diff, .output, .detail') !== null;

const isTyping = ({ target }) =>
  target.matches('textarea, select, [contenteditable]') || (target.matches('input') && !['checkbox', 'range', 'button'].includes(target.type));

const areOff = () => localStorage.getItem(KEY) === 'off';

/** The help, as a dialog. */
export function help() {
  const box = el('input', { type: 'checkbox', id: 'shortcuts' });
  box.checked = !areOff();
  box.addEventListener('change', () => localStorage.setItem(KEY, box.checked ? 'on' : 'off'));
  const close = el('button', { type: 'button' }, 'Close');
  const dialog = el('dialog', { class: 'help', 'aria-labelledby': 'help-title' },
    el('div', { class: 'heading' }, el('h2', { id: 'help-title' }, 'Keys'), close),
    el('dl', { class: 'keys' }, ...HELP.map(([keys, what]) => el('div', {}, el('dt', {}, el('kbd', {}, keys)), el('dd', {}, what)))),
    el('p', {}, box, el('label', { for: 'shortcuts' }, ' Use these keys (? always works)')));
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
