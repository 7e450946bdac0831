// Deciding: what is decided on stands in the dialog once more, and the digest that goes along is that of
// the hold that was shown. Nothing is decided by one key.

import { Failure, post } from './api.js';
import { el, said } from './dom.js';
import { notice } from './notices.js';
import { holdLine } from './request.js';

const WORDS = {
  approve: { title: 'Approve this request?', button: 'Approve', comment: 'Comment (optional)', done: 'Approved' },
  deny: { title: 'Deny this request?', button: 'Deny', comment: 'Why (the requester reads it)', done: 'Denied' },
};

/** Asks, sends, and gives back the hold as it is then; null if nothing was decided. */
export function decide(hold, verdict, options = {}) {
  const words = WORDS[verdict];
  const summary = el('p', { class: 'asks' }, el('strong', {}, said(holdLine(hold))), ' on ', el('strong', {}, said(hold.cluster)),
    ' for ', el('strong', {}, said(hold.caller.name)),
    hold.impersonated ? [' acting as ', el('strong', {}, said(hold.impersonated.user))] : null);
  return ask({
    ...words,
    verdict,
    about: [summary, options.extra],
    send: async (comment) => {
      const body = { verdict, digest: hold.digest, ...options.body?.() };
      if (comment) body.comment = comment;
      const decided = await post(`/v1/holds/${encodeURIComponent(hold.id)}/decision`, body);
      notice(`${words.done}: ${holdLine(hold)}`, verdict === 'approve' ? 'good' : 'bad');
      return decided;
    },
  });
}

/** A question with a comment. `send` does what was asked; its error stays in the dialog. */
export function ask({ title, button, comment, verdict, about, required = false, send }) {
  const words = el('textarea', { id: 'comment', rows: '3', maxlength: '4000', required, 'aria-describedby': 'comment-keys' });
  const error = el('p', { class: 'note bad', role: 'alert', hidden: true });
  const go = el('button', { type: 'submit', class: verdict === 'deny' ? 'deny' : 'approve' }, button);
  const back = el('button', { type: 'button', class: 'quiet' }, 'Cancel');
  const form = el('form', { method: 'dialog' },
    el('h2', { id: 'ask-title' }, title), ...about,
    el('label', { for: 'comment' }, comment), words,
    el('p', { id: 'comment-keys', class: 'muted hint' }, 'Ctrl and Enter sends, Escape goes back.'),
    error, el('div', { class: 'buttons' }, back, go));
  const dialog = el('dialog', { 'aria-labelledby': 'ask-title', class: 'ask' }, form);
  document.body.append(dialog);
  const before = document.activeElement;

  return new Promise((resolve) => {
    let result = null;
    let isSending = false;
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(result);
    });
    dialog.addEventListener('cancel', (event) => { if (isSending) event.preventDefault(); });
    back.addEventListener('click', () => dialog.close());
    words.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit(go);
    });
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      go.disabled = true;
      try {
        result = await send(words.value.trim());
        dialog.close();
      } catch (failure) {
        error.hidden = false;
        error.replaceChildren(...wayOut(failure));
      } finally {
        isSending = false;
        go.disabled = false;
      }
    });
    dialog.showModal();
    words.focus();
  });
}

/** What went wrong, and what to do now. */
export function wayOut(failure) {
  if (!(failure instanceof Failure)) return ['Something on this page went wrong. Reload it and look again.'];
  const text = said(failure.message);
  switch (failure.code) {
    case 0: return ['The gateway did not answer, so it is not known whether this was done. Look again, then try again.'];
    case 401: return ['Your login has ended. Log in again; nothing was decided.'];
    case 403: return /log(ged)? in/i.test(failure.message)
      ? [text, '. ', el('a', { href: `/ui/login?fresh=true&to=${encodeURIComponent(`/ui/${location.hash}`)}` }, 'Log in anew')]
      : [text, '. If your groups have changed, log out and in again.'];
    case 404: return ['It is not there any more: whoever asked went away, or it is not yours to see.'];
    case 409: return [text, '. Go back and look at it again.'];
    case 422: return [text, '. This page may be older than the gateway; reload it.'];
    default: return [text];
  }
}
