// The clock of a recording: what is on the screen at which moment. Knows nothing of buttons.

import { resized } from './cast.js';

export class Playback extends EventTarget {
  #cast;
  #screen;
  /** The first event that is not on the screen. */
  #next = 0;
  #at = 0;
  #speed = 1;
  #frame = 0;
  #before = 0;
  /** With pauses cut short: when each event is. */
  #times;

  constructor(cast, screen) {
    super();
    this.#cast = cast;
    this.#screen = screen;
    this.skip(false);
  }

  get at() {
    return this.#at;
  }

  get isPlaying() {
    return this.#frame !== 0;
  }

  get seconds() {
    return this.#times.at(-1) ?? 0;
  }

  set speed(speed) {
    this.#speed = speed;
  }

  /** Cuts pauses to two seconds, or shows them as they were; the picture stays the same. */
  skip(isWanted) {
    let [sum, before] = [0, 0];
    this.#times = this.#cast.events.map(([at]) => {
      sum += isWanted ? Math.min(at - before, 2) : at - before;
      before = at;
      return sum;
    });
    this.#at = this.#next > 0 ? this.#times[this.#next - 1] : 0;
    this.#tell();
  }

  play() {
    if (this.isPlaying) return;
    if (this.#next >= this.#cast.events.length) this.seek(0);
    this.#before = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
    this.#tell();
  }

  pause() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#tell();
  }

  /** Shows the moment, as if it had been played up to it. */
  seek(seconds) {
    const to = Math.min(Math.max(seconds, 0), this.seconds);
    if (to < this.#at) {
      this.#screen.reset(this.#cast.size);
      this.#next = 0;
    }
    this.#at = to;
    this.#draw();
    this.#tell();
  }

  /** The moment of an event by the recording's own time. */
  moment(recorded) {
    const index = this.#cast.events.findIndex(([at]) => at >= recorded);
    return index < 0 ? this.seconds : this.#times[index];
  }

  /** The recording's own time of the picture. */
  get recorded() {
    return this.#next > 0 ? this.#cast.events[this.#next - 1][0] : -1;
  }

  #tick(now) {
    this.#at = Math.min(this.#at + ((now - this.#before) / 1000) * this.#speed, this.seconds);
    this.#before = now;
    this.#draw();
    if (this.#next >= this.#cast.events.length) return this.pause();
    this.#frame = requestAnimationFrame((next) => this.#tick(next));
    this.#tell();
  }

  /** Brings the picture up to the present moment; output in one piece, as far as it is of one size. */
  #draw() {
    const { events } = this.#cast;
    let text = [];
    while (this.#next < events.length && this.#times[this.#next] <= this.#at) {
      const [, code, data] = events[this.#next];
      this.#next += 1;
      if (code === 'o') text.push(data);
      const size = code === 'r' ? resized(data) : null;
      if (size) {
        this.#screen.write(text.join(''));
        text = [];
        this.#screen.resize(size);
      }
    }
    this.#screen.write(text.join(''));
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }
}
