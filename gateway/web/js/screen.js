// A terminal to look at: asciinema-player's, without its controls. It draws what is written to it and
// nothing else: no links, no clipboard, no title, no answers.

let library = null;

/** Loads the library, once and only where a recording is shown. */
function load() {
  library ??= new Promise((resolve, reject) => {
    const style = document.createElement('link');
    Object.assign(style, { rel: 'stylesheet', href: 'vendor/asciinema-player/asciinema-player.css' });
    const script = document.createElement('script');
    script.src = 'vendor/asciinema-player/asciinema-player.min.js';
    script.addEventListener('load', () => resolve(window.AsciinemaPlayer));
    script.addEventListener('error', () => {
      library = null;
      reject(new Error('The player could not be loaded; reload the page.'));
    });
    document.head.append(style, script);
  });
  return library;
}

/** A screen in an element: `{reset, write, resize, close}`. */
export async function screen(element, { cols, rows }) {
  const { create } = await load();
  element.classList.add('screen');
  let dispatch = () => {};
  const ready = new Promise((resolve) => {
    const driver = (callbacks) => {
      ({ dispatch } = callbacks);
      return {
        init: () => dispatch('reset', { size: { cols, rows } }),
        // Told at once, or the library would put its own button over the picture.
        play: () => { dispatch('play'); dispatch('playing'); resolve(); return true; },
        getTiming: () => ({ time: 0, rate: 0, sampledAt: performance.timeOrigin + performance.now() }),
      };
    };
    const player = create(driver, element, {
      cols, rows, controls: false, autoPlay: true, fit: 'both', theme: 'asciinema',
      terminalFontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace', keystrokeOverlay: false,
    });
    element.player = player;
  });
  await ready;
  return {
    reset: (size) => dispatch('reset', { size }),
    write: (text) => text && dispatch('output', text),
    resize: (size) => dispatch('resize', size),
    close: () => element.player.dispose(),
  };
}
