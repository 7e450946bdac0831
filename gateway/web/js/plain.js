// Output without its escape sequences, for search and for what no terminal was there for.

/** Takes pieces of output; a sequence may be cut between two of them. */
export class Plain {
  #state = 'text';

  push(text) {
    if (this.#state === 'text' && !/[\x1b\x9b\x9d\x90]/.test(text)) return text.replace(/[\r\x00\x07]/g, '');
    let plain = '';
    for (const character of text) plain += this.#step(character);
    return plain;
  }

  #step(character) {
    const code = character.charCodeAt(0);
    switch (this.#state) {
      case 'escape':
        if (character === '[') this.#state = 'csi';
        else if (']PX^_'.includes(character)) this.#state = 'string';
        else if (code < 0x20 || code > 0x2f) this.#state = 'text';
        return '';
      case 'csi':
        if (code >= 0x40 && code <= 0x7e) this.#state = 'text';
        return '';
      case 'string':
        if (code === 0x1b) this.#state = 'string-escape';
        else if (code === 0x07 || code === 0x9c) this.#state = 'text';
        return '';
      case 'string-escape':
        this.#state = character === '\\' ? 'text' : 'string';
        return '';
      default:
        return this.#text(character, code);
    }
  }

  #text(character, code) {
    if (code === 0x1b) this.#state = 'escape';
    else if (code === 0x9b) this.#state = 'csi';
    else if (code === 0x9d || code === 0x90) this.#state = 'string';
    else if (character !== '\r' && code !== 0 && code !== 7) return character;
    return '';
  }
}

/** What was printed, in whatever pieces and colours, to search in. */
export class Search {
  #text;
  /** Where the text of each event of output begins, and when that was. */
  #starts = [];

  constructor(events) {
    const plain = new Plain();
    const parts = [];
    let length = 0;
    for (const [at, code, data] of events) {
      if (code !== 'o') continue;
      const part = lower(plain.push(data));
      if (part === '') continue;
      this.#starts.push([length, at]);
      parts.push(part);
      length += part.length;
    }
    this.#text = parts.join('');
  }

  /** When a text is printed next after a moment, from the beginning again if need be; null if never. */
  next(text, after) {
    const wanted = lower(text);
    if (wanted === '') return null;
    const from = this.#starts.find(([, at]) => at > after)?.[0];
    const found = from === undefined ? -1 : this.#text.indexOf(wanted, from);
    const at = found >= 0 ? found : this.#text.indexOf(wanted);
    return at < 0 ? null : this.#time(at + wanted.length - 1);
  }

  #time(offset) {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle][0] <= offset) low = middle;
      else high = middle;
    }
    return this.#starts[low][1];
  }
}

// One character for one, so that places stay what they are.
const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
