// The blind vote by keys: ← and → choose, ↓ is a tie, Esc leaves. A ballot is sent once.
(() => {
  const ballot = () => document.querySelector('#vote .ballot:not([hidden])');
  let opened = '', opener = null;
  const close = () => {
    const shown = ballot();
    if (!shown) return;
    shown.hidden = true;
    document.querySelector('#tabs')?.removeAttribute('inert');
    if (opener?.isConnected) opener.focus();
  };
  const OUTCOMES = { ArrowLeft: 'left', ArrowRight: 'right', ArrowDown: 'tie' };
  document.addEventListener('keydown', (event) => {
    if (!ballot() || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') close();
    if (event.key === 'Tab') keepWithin(event);
    const button = OUTCOMES[event.key] && ballot().querySelector(`.foot [data-outcome=${OUTCOMES[event.key]}]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  const keepWithin = (event) => {
    const all = [...ballot().querySelectorAll('button, a, summary')].filter((one) => one.checkVisibility());
    const end = event.shiftKey ? all[0] : all[all.length - 1];
    if (document.activeElement !== end) return;
    event.preventDefault();
    (event.shiftKey ? all[all.length - 1] : all[0]).focus();
  };
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.matches('#vote .close')) close();
    const choice = event.target.closest('#vote [data-outcome]');
    if (!choice) return;
    if (ballot().classList.contains('sent')) event.stopImmediatePropagation();
    else ballot().classList.add('sent');
  }, true);
  const keep = () => {
    const shown = document.querySelector('#vote .ballot');
    if (!shown || shown.dataset.opened === opened) return;
    if (!ballot() || !opened) opener = document.activeElement;
    opened = shown.dataset.opened;
    shown.hidden = false;
    shown.classList.remove('sent');
    document.querySelector('#tabs')?.setAttribute('inert', '');
    shown.focus({ preventScroll: true });
  };
  const start = () => {
    new MutationObserver(keep).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-opened'] });
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
