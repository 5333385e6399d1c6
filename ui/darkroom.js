// What only the browser can do: the keyboard's shortcut, the film strip, dark or light.
(() => {
  const THEME = 'darkroom-theme';

  // Gradio takes the system's choice; the visitor's own stands above it.
  const own = () => { try { return localStorage.getItem(THEME); } catch { return null; } };
  const setTheme = (dark) => document.body.classList.toggle('dark', dark);
  const keepTheme = () => {
    if (own() && document.body.classList.contains('dark') !== (own() === 'dark')) setTheme(own() === 'dark');
  };
  const switchTheme = () => {
    const dark = !document.body.classList.contains('dark');
    try { localStorage.setItem(THEME, dark ? 'dark' : 'light'); } catch { /* for this page view, then */ }
    setTheme(dark);
  };

  // The picture as it was after a step; without a step the finished one again.
  const scrub = (slider, step) => {
    const picture = document.querySelector('#stage #picture');
    const frames = [...slider.closest('.film').querySelectorAll('img')];
    const frame = frames[step - 1];
    frames.forEach((other) => other.classList.toggle('current', other === frame));
    if (!picture) return;
    picture.dataset.final ??= picture.getAttribute('src');
    picture.src = frame && step < frames.length ? frame.src : picture.dataset.final;
    slider.setAttribute('aria-valuetext', frame ? `${frame.dataset.step} / ${frames[frames.length - 1].dataset.step}` : '');
  };
  const under = (slider, event) => {
    const box = slider.getBoundingClientRect();
    const part = Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.floor(part * Number(slider.max)) + 1;
  };
  const onStrip = (event) => event.target instanceof Element && event.target.matches('.scrub');

  // A new frame on the stage exposes the film up to its step.
  const expose = () => {
    const frame = document.querySelector('#stage #picture[data-step]');
    const film = document.querySelector('#strip .live .frames');
    if (!frame || !film) return;
    const exposed = Number(film.lastElementChild?.dataset.step ?? 0);
    const step = Number(frame.dataset.step);
    if (step <= exposed) return;
    const image = document.createElement('img');
    Object.assign(image, { src: frame.src, alt: '' });
    Object.assign(image.dataset, { step });
    image.style.gridColumn = `${exposed + 1} / ${step + 1}`;
    film.append(image);
  };

  document.addEventListener('input', (event) => { if (onStrip(event)) scrub(event.target, Number(event.target.value)); });
  document.addEventListener('pointermove', (event) => { if (onStrip(event)) scrub(event.target, under(event.target, event)); });
  document.addEventListener('pointerout', (event) => {
    if (!onStrip(event)) return;
    event.target.value = event.target.max;
    scrub(event.target, Number(event.target.max));
  });

  document.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('#masthead .theme')) switchTheme();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    document.querySelector('#develop')?.click();
  }, true);

  const start = () => {
    keepTheme();
    new MutationObserver(keepTheme).observe(document.body, { attributes: true, attributeFilter: ['class'] });
    new MutationObserver(expose).observe(document.body, { subtree: true, childList: true, attributeFilter: ['src'] });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
