// The holds that wait, as they come and go: one stream from the gateway, kept up for as long as the
// page is open. What the stream tells is what one may decide; what one may only see (one's own, an
// auditor's) comes from the list, which is asked for now and then.

import { Failure, json, lines, page } from './api.js';
import { owesReview } from './break-glass.js';
import { now } from './time.js';

const LIST_EVERY_MS = 15_000;
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [500, 15_000];
/** What comes within this time is told at once, the first of it without a delay. */
const GATHER_MS = 50;

export class Inbox extends EventTarget {
  /** Pending holds by id. */
  #pending = new Map();
  /** What ran without waiting, and nobody has reviewed. */
  #owed = new Map();
  /** Those that one may decide, as far as has been told. */
  #decidable = new Set();
  #sorted = null;
  #stop = new AbortController();
  #live = false;
  /** What has changed and not been told, and when something was told last. */
  #changed = new Map();
  #appeared = [];
  #told = 0;
  #timer = 0;

  /** Follows the gateway until `close`. */
  open() {
    this.#follow();
    this.#list();
    const timer = setInterval(() => {
      this.#expire();
      if (!document.hidden) this.#list();
    }, LIST_EVERY_MS);
    this.#stop.signal.addEventListener('abort', () => clearInterval(timer));
  }

  close() {
    this.#stop.abort();
  }

  get live() {
    return this.#live;
  }

  /** What waits, the oldest first: it has waited longest and ends soonest. */
  get pending() {
    this.#sorted ??= [...this.#pending.values()].sort((a, b) => Date.parse(a.created) - Date.parse(b.created));
    return this.#sorted;
  }

  /** Runs whose review is owed, newest first. */
  get owed() {
    return [...this.#owed.values()].sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
  }

  find(id) {
    return this.#pending.get(id) ?? this.#owed.get(id);
  }

  /** Whether one may decide on it, if it waits. */
  decides(id) {
    return this.#decidable.has(id);
  }

  /** Takes note of a hold, from wherever it is known. */
  note(hold, { isNew = false } = {}) {
    const isPending = hold.state === 'pending';
    const isOwed = owesReview(hold);
    const isKnown = this.#pending.has(hold.id) || this.#owed.has(hold.id);
    if (isNew && !isKnown && (isPending || isOwed)) this.#appeared.push(hold);
    if (isOwed) this.#owed.set(hold.id, hold);
    else this.#owed.delete(hold.id);
    if (isPending) this.#pending.set(hold.id, hold);
    else this.#pending.delete(hold.id);
    this.#change(hold.id, hold);
  }

  async #follow() {
    let pause = FIRST_RETRY_MS;
    while (!this.#stop.signal.aborted) {
      try {
        const opened = now();
        for await (const hold of lines('/v1/inbox', this.#stop.signal)) {
          pause = FIRST_RETRY_MS;
          this.#set(true);
          if (hold === null) continue;
          this.#decidable.add(hold.id);
          // What waited before is not news.
          this.note(hold, { isNew: Date.parse(hold.created) > opened - 5000 });
        }
      } catch (error) {
        if (error instanceof Failure && error.code === 401) break;
      }
      this.#set(false);
      await sleep(pause * (0.5 + Math.random()), this.#stop.signal);
      pause = Math.min(2 * pause, LAST_RETRY_MS);
      this.#list();
    }
    this.#set(false);
  }

  /** What waits now; whatever has gone meanwhile goes here, too. */
  async #list() {
    const asked = now();
    const listed = await page('/v1/holds?state=pending&limit=1000', this.#stop.signal).catch(() => null);
    if (listed === null) return;
    const { items: holds, next } = listed;
    // There is nothing to hear yet where nothing waits.
    this.#tell('listed', {});
    const there = new Set(holds.map((hold) => hold.id));
    for (const hold of this.pending) {
      const isOld = Date.parse(hold.created) < asked - 5000;
      // The list may be too long for one page.
      if (!there.has(hold.id) && isOld && next === null) this.#forget(hold);
    }
    for (const hold of holds) if (!this.#isNewer(hold)) this.note(hold);
    const owed = await json('/v1/reviews', this.#stop.signal).catch(() => []);
    for (const hold of owed) if (!this.#owed.has(hold.id)) this.note(hold);
  }

  /** The stream may have told of a decision that the list does not know yet. */
  #isNewer(hold) {
    const known = this.#pending.get(hold.id);
    return known !== undefined && known.decisions.length >= hold.decisions.length;
  }

  #expire() {
    for (const hold of this.pending) if (Date.parse(hold.expires) < now() - 5000) this.#forget(hold);
  }

  #forget(hold) {
    this.#pending.delete(hold.id);
    this.#change(hold.id, null);
  }

  /** Gathers changes, of which there are many at once when the stream begins. */
  #change(id, hold) {
    this.#sorted = null;
    this.#changed.set(id, hold);
    if (this.#timer !== 0) return;
    const wait = this.#told + GATHER_MS - performance.now();
    if (wait <= 0) this.#tellChanges();
    else this.#timer = setTimeout(() => this.#tellChanges(), wait);
  }

  #tellChanges() {
    const detail = { holds: this.#changed, appeared: this.#appeared };
    [this.#changed, this.#appeared, this.#timer] = [new Map(), [], 0];
    this.#tell('change', detail);
    this.#told = performance.now();
  }

  #set(live) {
    if (this.#live === live) return;
    this.#live = live;
    this.#tell('live', {});
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const sleep = (milliseconds, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
});
