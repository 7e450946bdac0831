// A request that ran without waiting: somebody owes it a second look.

import { post } from './api.js';
import { ask } from './decide.js';
import { el, said } from './dom.js';
import { notice } from './notices.js';
import { holdLine } from './request.js';
import { ago } from './time.js';

/** Whether somebody still has to look at it. */
export const owesReview = (hold) => Boolean(hold.breakGlass && !hold.breakGlass.review);

/** What there is to say of it on the card; nothing for a hold that waited. */
export function review(hold, { me, onChange }) {
  const { breakGlass } = hold;
  if (!breakGlass) return null;
  const { reason, review: done } = breakGlass;
  const isOwn = hold.caller.name === me.name && hold.caller.issuer === me.issuer;
  const close = () => closeReview(hold).then((changed) => changed && onChange(changed));
  return el('section', { class: `block glass${done ? '' : ' owed'}`, 'aria-labelledby': 'glass-title' },
    el('h2', { id: 'glass-title' }, done ? 'Ran without waiting; reviewed' : 'Ran without waiting; a review is owed'),
    el('p', {}, 'Reason given: ', said(reason)),
    done ? el('p', {}, 'Reviewed by ', said(done.by), ', ', ago(done.at), ' ago: ', said(done.comment))
      : isOwn ? el('p', { class: 'muted' }, 'Somebody else has to review it.')
        : el('div', {}, el('button', { type: 'button', onclick: close }, 'Close the review…')));
}

function closeReview(hold) {
  return ask({
    title: 'Close this review?', button: 'Close the review', comment: 'What you have found', verdict: 'approve', required: true,
    about: [el('p', { class: 'asks' }, el('strong', {}, said(holdLine(hold))), ' by ', el('strong', {}, said(hold.caller.name)))],
    send: async (comment) => {
      const changed = await post(`/v1/holds/${encodeURIComponent(hold.id)}/review`, { comment });
      notice('The review is closed.');
      return changed;
    },
  });
}
