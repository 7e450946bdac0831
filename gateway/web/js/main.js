// The page: who is logged in, which view is shown, and what is told beside it.

import { Failure, logOut, onEnd, session } from './api.js';
import { el, fill, said } from './dom.js';
import { historyView } from './history.js';
import { holdsView } from './holds.js';
import { Inbox } from './inbox.js';
import { help, listen } from './keys.js';
import { desktopSwitch, tell, title } from './notices.js';
import { recordingView } from './recording.js';
import { sessionsView } from './sessions.js';
import { trailView } from './trail.js';

/** Where somebody wanted to go before he had to log in. */
const WANTED = 'kguard.wanted';
const TABS = [['holds', 'Waiting'], ['history', 'History'], ['sessions', 'Sessions'], ['trail', 'Trail']];

const main = document.getElementById('main');
let inbox = null;
let me = null;
let shown = null;

async function start() {
  let found;
  try {
    found = await session();
  } catch (error) {
    return welcome(error);
  }
  me = found.caller;
  const wanted = sessionStorage.getItem(WANTED);
  sessionStorage.removeItem(WANTED);
  if (wanted && location.hash === '') history.replaceState(null, '', wanted);
  onEnd(ended);
  inbox = new Inbox();
  inbox.addEventListener('change', ({ detail }) => {
    detail.appeared.filter(({ id }) => inbox.decides(id)).forEach(tell);
    paint();
  });
  inbox.addEventListener('live', paint);
  top();
  listen(() => shown?.view);
  window.addEventListener('hashchange', () => route({ focus: true }));
  route();
  inbox.open();
}

/** What is shown to somebody who is not logged in. */
function welcome(error) {
  const isLoggedOut = error instanceof Failure && error.code === 401;
  fill(main, el('div', { class: 'welcome' },
    el('h1', { tabindex: '-1' }, 'kguard'),
    isLoggedOut ? el('p', {}, 'Requests that wait for you, what they would do, and what has been done.')
      : el('p', { class: 'note bad', role: 'alert' }, error instanceof Failure ? said(error.message) : 'This page could not be started; reload it.'),
    isLoggedOut ? el('a', { class: 'button approve', href: '/ui/login?to=/ui/', onclick: remember }, 'Log in') : null));
}

const remember = () => location.hash && sessionStorage.setItem(WANTED, location.hash);

/** The login has ended while the page was open: it stays readable, and says how to go on. */
function ended() {
  if (document.getElementById('ended')) return;
  inbox?.close();
  document.getElementById('notices').before(el('div', { id: 'ended', class: 'banner', role: 'alert' },
    'Your login has ended. What you see may be out of date. ',
    el('a', { href: '/ui/login?to=/ui/', onclick: remember }, 'Log in again')));
}

function top() {
  const bar = document.getElementById('top');
  const out = el('button', { type: 'button', class: 'quiet' }, 'Log out');
  out.addEventListener('click', async () => {
    await logOut().catch(() => {});
    location.assign('/ui/');
  });
  fill(bar,
    el('a', { class: 'brand', href: '#/holds', 'aria-label': 'kguard: what waits' }, 'kguard'),
    el('nav', { 'aria-label': 'Views' }, el('ul', {}, ...TABS.map(([name, label]) =>
      el('li', {}, el('a', { href: `#/${name}`, 'data-tab': name }, label, name === 'holds' ? el('span', { class: 'badge', id: 'badge' }) : null))))),
    el('span', { id: 'live', class: 'connection', role: 'status' }),
    el('div', { class: 'me' }, el('span', { class: 'name' }, said(me.name)), desktopSwitch(),
      el('button', { type: 'button', class: 'quiet', 'aria-label': 'Keys and help', onclick: help }, '?'), out));
}

function paint() {
  const waiting = inbox.pending.filter(({ id }) => inbox.decides(id)).length;
  const badge = document.getElementById('badge');
  badge.textContent = waiting > 0 ? String(waiting) : '';
  badge.hidden = waiting === 0;
  const live = document.getElementById('live');
  const word = inbox.live ? 'Live' : 'Connecting…';
  if (live.textContent !== word) live.textContent = word;
  live.classList.toggle('on', inbox.live);
  title(waiting, shown?.view.title());
}

/** Shows what the address says. */
function route({ focus = false } = {}) {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name = 'holds', id] = path.split('/').map(decode);
  const query = new URLSearchParams(search);
  const tab = name === 'streams' || name === 'recordings' ? 'sessions' : name;
  for (const link of document.querySelectorAll('[data-tab]')) {
    if (link.dataset.tab === tab) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (name === 'holds' || name === '') showHold(id || null, focus);
  else if (name === 'history') show(location.hash, () => historyView({ query, go }), focus);
  else if (name === 'sessions') show(name, sessionsView, focus);
  else if (name === 'recordings' && id) show(location.hash, () => recordingView({ id: encodeURIComponent(id), isLive: false }), focus);
  else if (name === 'streams' && id) show(location.hash, () => recordingView({ id: encodeURIComponent(id), isLive: true }), focus);
  else if (name === 'trail') show(location.hash, () => trailView({ query, go }), focus);
  else location.replace('#/holds');
  paint();
}

/** The list stays while one card follows another. */
function showHold(id, focus) {
  const fromList = document.activeElement?.dataset?.row === id;
  if (shown?.key !== 'holds') show('holds', () => holdsView({ inbox, me }), focus && id === null);
  const { view } = shown;
  view.back = () => { location.hash = '#/holds'; };
  view.show(id, { focus: focus && !(fromList && isWide()) }).then(paint);
}

function show(key, make, focus) {
  if (shown?.key === key) return;
  shown?.view.close();
  shown = { key, view: make() };
  fill(main, shown.view.element);
  window.scrollTo(0, 0);
  if (focus) main.querySelector('h1')?.focus();
}

// The address is the router's, so that the link to the content cannot use it.
document.getElementById('jump').addEventListener('click', (event) => {
  event.preventDefault();
  (main.querySelector('h1') ?? main).focus();
});

const go = (hash) => {
  if (location.hash === hash) shown = { ...shown, key: '' };
  if (location.hash === hash) route();
  else location.hash = hash;
};
const isWide = () => matchMedia('(min-width: 60rem)').matches;

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

start();
