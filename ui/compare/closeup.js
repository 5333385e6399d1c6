// Pictures looked at closely: the dialog, zoom and pan of all panes together, all film strips under one slider.
(() => {
  const dialog = () => document.querySelector('#closeup .dialog:not([hidden])');
  let opened = '', opener = null;
  const close = () => {
    const shown = dialog();
    if (!shown) return;
    shown.hidden = true;
    document.querySelector('#tabs')?.removeAttribute('inert');
    opener?.isConnected && opener.focus();
  };

  // Zoom 1 is the whole picture; x and y are the upper left corner, as parts of the picture's sides.
  let zoom = 1, x = 0, y = 0;
  const MOST = 32;
  const show = () => {
    zoom = Math.min(MOST, Math.max(1, zoom));
    x = Math.min(1 - 1 / zoom, Math.max(0, x));
    y = Math.min(1 - 1 / zoom, Math.max(0, y));
    const panes = dialog()?.querySelector('.panes');
    if (!panes) return;
    panes.style.setProperty('--zoom', zoom);
    panes.style.setProperty('--x', `${-100 * x * zoom}%`);
    panes.style.setProperty('--y', `${-100 * y * zoom}%`);
    panes.classList.toggle('large', zoom >= 4);
    panes.classList.toggle('moved', zoom > 1);
    const fit = dialog().querySelector('[data-zoom=fit]');
    if (fit) fit.textContent = `${Math.round(100 * zoom)} %`;
  };
  const enlarge = (factor, u = 0.5, v = 0.5) => {  // the place (u, v) of the pane stays where it is
    const before = zoom;
    zoom = Math.min(MOST, Math.max(1, zoom * factor));
    x += u / before - u / zoom;
    y += v / before - v / zoom;
    show();
  };
  const whole = () => { zoom = 1; x = 0; y = 0; show(); };
  const pane = (event) => event.target instanceof Element ? event.target.closest('#closeup .pane:not(.still)') : null;
  const within = (box, at) => [(at.clientX - box.left) / box.width, (at.clientY - box.top) / box.height];

  document.addEventListener('wheel', (event) => {
    const there = pane(event);
    if (!there) return;
    event.preventDefault();
    enlarge(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), ...within(there.getBoundingClientRect(), event));
  }, { passive: false });

  const fingers = new Map();  // by pointer: where it was last
  document.addEventListener('pointerdown', (event) => {
    const there = pane(event);
    if (!there) return;
    fingers.set(event.pointerId, event);
    there.setPointerCapture(event.pointerId);
  });
  document.addEventListener('pointermove', (event) => {
    const there = pane(event), before = fingers.get(event.pointerId);
    if (!there || !before) return;
    const box = there.getBoundingClientRect();
    const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    if (other) {
      const far = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      enlarge(far(event) / far(before), ...within(box, middle));
    }
    const share = other ? 2 : 1;
    x -= (event.clientX - before.clientX) / box.width / zoom / share;
    y -= (event.clientY - before.clientY) / box.height / zoom / share;
    fingers.set(event.pointerId, event);
    show();
  });
  for (const kind of ['pointerup', 'pointercancel']) {
    document.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  }
  document.addEventListener('dblclick', (event) => {
    const there = pane(event);
    if (there) zoom > 1 ? whole() : enlarge(4, ...within(there.getBoundingClientRect(), event));
  });
  const KEYS = {
    '+': () => enlarge(1.5), '=': () => enlarge(1.5), '-': () => enlarge(1 / 1.5), '0': whole,
    ArrowLeft: () => { x -= 0.1 / zoom; show(); }, ArrowRight: () => { x += 0.1 / zoom; show(); },
    ArrowUp: () => { y -= 0.1 / zoom; show(); }, ArrowDown: () => { y += 0.1 / zoom; show(); },
  };
  document.addEventListener('keydown', (event) => {
    if (!dialog()) return;
    if (event.key === 'Escape') close();
    if (event.key === 'Tab') keepWithin(event);
    const asks = event.target instanceof Element && event.target.matches('input, select');
    if (asks && event.key.startsWith('Arrow') || event.ctrlKey || event.metaKey) return;
    if (KEYS[event.key] && dialog().dataset.mode !== 'strips') { event.preventDefault(); KEYS[event.key](); }
  });
  const keepWithin = (event) => {
    const all = [...document.querySelectorAll('#closeup :is(button, input, [tabindex="0"])')]
      .filter((one) => one.checkVisibility());
    const end = event.shiftKey ? all[0] : all[all.length - 1];
    if (document.activeElement !== end) return;
    event.preventDefault();
    (event.shiftKey ? all[all.length - 1] : all[0]).focus();
  };

  // All strips at the same part of their way; at its end the finished pictures.
  const scrub = (slider) => {
    const part = Number(slider.value) / Number(slider.max);
    for (const film of slider.closest('.films').querySelectorAll('.film')) {
      const frames = [...film.querySelectorAll('img')];
      const frame = frames.filter((one) => Number(one.dataset.part) <= part + 1e-6).pop() ?? frames[0];
      for (const one of frames) one.classList.toggle('current', one === frame);
      const there = slider.closest('.dialog');
      there.querySelector(`[data-strip="${film.dataset.number}"]`).src = part >= 1 ? film.dataset.final : frame.src;
      there.querySelector(`[data-at="${film.dataset.number}"]`).textContent = frame.dataset.said;
    }
    slider.closest('.films').style.setProperty('--part', part);
    slider.setAttribute('aria-valuetext', `${Math.round(100 * part)} %`);
  };

  // Gradio's handle is dragged by the mouse alone; this drags it by the keys.
  const split = (part) => {
    const handle = document.querySelector('#closeup_slider [data-testid=slider]');
    if (!handle) return;
    const box = handle.parentElement.getBoundingClientRect(), at = handle.getBoundingClientRect();
    const told = (kind, x) => new MouseEvent(kind, {
      clientX: x, clientY: at.top + at.height / 2, view: window, bubbles: true, cancelable: true,
    });
    handle.dispatchEvent(told('mousedown', at.left + at.width / 2));
    window.dispatchEvent(told('mousemove', box.left + box.width * part));
    window.dispatchEvent(told('mouseup', box.left + box.width * part));
  };

  document.addEventListener('input', (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.matches('#closeup .split')) split(Number(event.target.value) / 100);
    if (event.target.matches('.scrub-all')) scrub(event.target);
    if (event.target.matches('[name=closeup]')) {
      event.target.closest('.dialog').dataset.mode = event.target.value;
      whole();
    }
  });
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.matches('#closeup .close')) close();
    const way = event.target.closest('[data-zoom]')?.dataset.zoom;
    if (way) way === 'fit' ? whole() : enlarge(way === 'in' ? 1.5 : 1 / 1.5);
  });

  const keep = () => {
    const shown = document.querySelector('#closeup .dialog');
    if (!shown || shown.dataset.opened === opened) return;
    opened = shown.dataset.opened;
    opener = document.activeElement;
    shown.hidden = false;
    document.querySelector('#tabs')?.setAttribute('inert', '');
    const slider = shown.querySelector('.scrub-all');
    const mode = shown.querySelector('[name=closeup][value=slider]');
    if (mode) { mode.checked = true; shown.querySelector('.split').value = 50; }
    if (slider) { slider.value = slider.max; scrub(slider); }
    whole();
    (slider ?? mode ?? shown.querySelector('.close')).focus({ preventScroll: true });
  };
  const start = () => {
    new MutationObserver(keep).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-opened'] });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
