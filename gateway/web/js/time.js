// Moments and spans. Clocks on the page tick together, by the gateway's time.

import { el } from './dom.js';

let ahead = 0;

/** Learns from a response how far the gateway's clock is ahead of this machine's. */
export function learn(response) {
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header has whole seconds, so a smaller difference is none.
  if (Number.isFinite(date)) ahead = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
}

export const now = () => Date.now() + ahead;

/** A span as kubectl's AGE shows it. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A countdown, `m:ss`, or hours where it is long. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds >= 7200) return span(milliseconds);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A position in a recording. */
export const position = (seconds) => {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
};

/** How long ago something was; the exact moment is its title. */
export const ago = (moment) => ticking(moment, 'ago');

/** How much time is left until a moment. */
export const left = (moment) => ticking(moment, 'left');

/** A moment in full, in the time of whoever reads it. */
export const exact = (moment) => el('time', { datetime: moment }, full(moment));

function ticking(moment, kind) {
  const clock = el('time', { datetime: moment, title: full(moment), 'data-clock': kind });
  show(clock);
  return clock;
}

function full(moment) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

function show(clock) {
  const moment = Date.parse(clock.getAttribute('datetime'));
  const { clock: kind } = clock.dataset;
  const text = kind === 'left' ? countdown(moment - now()) : span(now() - moment);
  if (clock.textContent !== text) clock.textContent = text;
  if (kind === 'left') clock.classList.toggle('urgent', moment - now() < 60_000);
}

setInterval(() => document.querySelectorAll('[data-clock]').forEach(show), 1000);
