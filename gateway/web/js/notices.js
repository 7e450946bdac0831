// What is told besides what is shown: to screen readers, in the tab's title, on the desktop.

import { el, fill } from './dom.js';
import { holdLine } from './request.js';
import { clean, short } from './text.js';

const GATHER_MS = 400;

let told = [];
let timer = 0;
let shown = 0;

/** Says something to screen readers; what comes at once is said together. */
export function announce(text) {
  told.push(text);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const all = told.length > 3 ? `${told.length} new messages; the last: ${told.at(-1)}` : told.join('. ');
    told = [];
    // A region says only what changes; the same words twice would be silent.
    fill(document.getElementById('announcements'), el('p', {}, all));
  }, GATHER_MS);
}

/** Shows a short notice for some seconds; it is announced, too. */
export function notice(text, kind = 'good') {
  const box = el('p', { class: `notice ${kind}` }, text);
  document.getElementById('notices').append(box);
  announce(text);
  setTimeout(() => box.remove(), 7000);
}

/** A new hold, for whoever looks elsewhere. */
export function tell(hold) {
  const ran = hold.breakGlass !== undefined;
  const text = `${hold.caller.name} ${ran ? 'ran, without waiting,' : 'asks to'} ${holdLine(hold)} on ${hold.cluster}`;
  announce(`${ran ? 'Attention' : 'New request'}: ${short(text, 200)}`);
  if (!document.hidden || !wanted()) return;
  const about = new Notification(ran ? 'Somebody broke the glass' : 'A request waits for you', { body: short(text, 200), tag: hold.id });
  about.addEventListener('click', () => {
    window.focus();
    location.hash = `#/holds/${hold.id}`;
    about.close();
  });
}

/** The tab's title: how many wait, and what is shown. */
export function title(pending, view) {
  const text = `${pending > 0 ? `(${pending}) ` : ''}${view ? `${clean(view)} · ` : ''}kguard`;
  if (document.title !== text) document.title = text;
  setBadge(pending);
}

/** A switch for notifications of the desktop, where the browser has them. */
export function desktopSwitch() {
  if (!('Notification' in window)) return null;
  const button = el('button', { type: 'button', class: 'quiet', title: 'Notices on your desktop when a request comes', onclick: toggle });
  const paint = () => {
    button.textContent = wanted() ? 'Notices: on' : 'Notices: off';
    button.setAttribute('aria-pressed', String(wanted()));
  };
  async function toggle() {
    if (wanted()) localStorage.setItem(KEY, 'off');
    else if (await Notification.requestPermission() === 'granted') localStorage.setItem(KEY, 'on');
    else notice('Your browser does not let this page show notices; its site settings can.', 'bad');
    paint();
  }
  paint();
  return button;
}

const KEY = 'kguard.notices';
const wanted = () =>
  'Notification' in window && Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on';

function setBadge(pending) {
  if (shown === pending) return;
  shown = pending;
  navigator.setAppBadge?.(pending)?.catch?.(() => {});
}
