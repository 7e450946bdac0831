// What others wrote, made harmless for the eye, as the terminal client does (cli/src/ui.rs).

// Controls, formats (which turn the direction of writing, join, or have no width), separators of lines,
// fillers and tags: all that cannot be seen and changes what can.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u{e0000}-\u{e0fff}]/u;
const NAMES = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text in pieces, those of them marked that stand for a character which could not be seen. */
export function pieces(text) {
  if (!HIDDEN.test(text)) return text === '' ? [] : [{ text, hidden: false }];
  const found = [];
  for (const character of text) {
    const hidden = HIDDEN.test(character);
    const shown = hidden ? escape(character) : character;
    const last = found.at(-1);
    if (last?.hidden === hidden) last.text += shown;
    else found.push({ text: shown, hidden });
  }
  return found;
}

/** The same as one text, for titles and announcements. */
export const clean = (text) => pieces(String(text ?? '')).map((piece) => piece.text).join('');

/** A text cut to a length that a title or an announcement has room for. */
export function short(text, length = 120) {
  const all = [...clean(text)];
  return all.length > length ? `${all.slice(0, length - 1).join('')}…` : all.join('');
}

/** Shell words, quoted where a shell would need it, so that one argument never looks like two. */
export const commandLine = (argv) => argv.map(quoted).join(' ');

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const escape = (character) => NAMES[character] ?? `\\u{${character.codePointAt(0).toString(16)}}`;

/** `1 pod`, `2 pods`. */
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

/** Bytes as people read them. */
export function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [size, unit] = [number, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}
