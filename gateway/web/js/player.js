// The buttons of a recording. All of it can be done with the keyboard, and is told to screen readers.

import { el } from './dom.js';
import { announce } from './notices.js';
import { Search } from './plain.js';
import { position } from './time.js';

const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const JUMP_SECONDS = 5;

/** Controls of a playback: `{element, key, close}`. */
export function player(playback, cast, close) {
  const toggle = el('button', { type: 'button', class: 'toggle', onclick: () => (playback.isPlaying ? playback.pause() : playback.play()) });
  const slider = el('input', { type: 'range', min: '0', step: 'any', value: '0', 'aria-label': 'Position' });
  const time = el('span', { class: 'position' });
  const speed = el('select', { id: 'speed' }, ...SPEEDS.map((factor) => el('option', { value: factor, selected: factor === 1 }, `${factor}×`)));
  const skip = el('input', { type: 'checkbox', id: 'skip' });
  const text = el('input', { type: 'search', id: 'find', placeholder: 'Find in output', 'aria-label': 'Find in output', autocomplete: 'off' });
  const found = el('span', { class: 'muted', role: 'status' });
  const form = el('form', { role: 'search', class: 'find' }, text, el('button', { type: 'submit', class: 'quiet' }, 'Find next'), found);
  let search = null;

  function paint() {
    const word = playback.isPlaying ? 'Pause' : 'Play';
    if (toggle.textContent !== word) toggle.textContent = word;
    const at = `${position(playback.at)} / ${position(playback.seconds)}`;
    if (time.textContent !== at) {
      time.textContent = at;
      slider.setAttribute('aria-valuetext', at.replace('/', 'of'));
    }
    slider.max = String(playback.seconds);
    slider.value = String(playback.at);
  }

  function find() {
    search ??= new Search(cast.events);
    const moment = search.next(text.value, playback.recorded);
    if (moment === null) {
      found.textContent = text.value === '' ? '' : 'Printed nowhere.';
      return;
    }
    playback.pause();
    playback.seek(playback.moment(moment));
    found.textContent = `Printed at ${position(moment)}.`;
  }

  function faster(by) {
    speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + by, 0), SPEEDS.length - 1);
    speed.dispatchEvent(new Event('change'));
    announce(`Speed ${speed.value}`);
  }

  slider.addEventListener('input', () => playback.seek(Number(slider.value)));
  speed.addEventListener('change', () => { playback.speed = Number(speed.value); });
  skip.addEventListener('change', () => playback.skip(skip.checked));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    find();
  });
  playback.addEventListener('change', paint);
  paint();

  const keys = {
    ' ': () => toggle.click(),
    ArrowLeft: () => playback.seek(playback.at - JUMP_SECONDS),
    ArrowRight: () => playback.seek(playback.at + JUMP_SECONDS),
    '+': () => faster(1),
    '-': () => faster(-1),
    '/': () => text.focus(),
    n: find,
  };
  return {
    element: el('div', { class: 'player', role: 'group', 'aria-label': 'Player' },
      el('div', { class: 'bar' }, toggle, slider, time),
      el('div', { class: 'bar' },
        el('span', {}, el('label', { for: 'speed' }, 'Speed '), speed),
        el('span', {}, skip, el('label', { for: 'skip' }, ' Skip pauses')), form)),
    key(key) {
      if (!Object.hasOwn(keys, key)) return false;
      keys[key]();
      return true;
    },
    close() {
      playback.pause();
      close();
    },
  };
}
