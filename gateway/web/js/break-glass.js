// A request that ran without waiting: somebody owes it a second look.

import { el, said } from './dom.js';
import { ago } from './time.js';

/** What there is to say of it on the card; nothing for a hold that waited. */
export function review({ breakGlass }) {
  if (!breakGlass) return null;
  const { reason, review: done } = breakGlass;
  return el('section', { class: `block glass${done ? '' : ' owed'}`, 'aria-labelledby': 'glass-title' },
    el('h2', { id: 'glass-title' }, done ? 'Ran without waiting; reviewed' : 'Ran without waiting; a review is owed'),
    el('p', {}, 'Reason given: ', said(reason)),
    done ? el('p', {}, 'Reviewed by ', said(done.by), ', ', ago(done.at), ' ago: ', said(done.comment)) : null);
}

/** Whether somebody still has to look at it. */
export const owesReview = (hold) => Boolean(hold.breakGlass && !hold.breakGlass.review);
