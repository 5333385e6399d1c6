// Pictures that are dropped on the tab that reads them, or on the prompt, whose settings are then taken over at once.
(() => {
  const zone = () => document.querySelector('#reading_zone .intake');
  const told = () => document.querySelector('#reading_told .told');
  const desk = () => document.querySelector('#reading_desk .desk');  // on the page before the tab was ever opened
  const refusal = (message) => {
    const paragraph = document.createElement('p');
    Object.assign(paragraph, { className: 'refusal', role: 'alert', textContent: message });
    return paragraph.outerHTML;
  };
  const read = async (file) => {
    if (file.size > Number(desk().dataset.most)) return refusal(desk().dataset.large);
    try {
      const model = document.querySelector('#model input:checked')?.value ?? '';
      const answer = await fetch(`reading/read?model=${encodeURIComponent(model)}`, {
        method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file,
      });
      return [200, 422].includes(answer.status) ? await answer.text() : refusal(desk().dataset.lost);
    } catch {
      return refusal(desk().dataset.lost);
    }
  };
  let picture = null, latest = 0;
  const show = (html, file) => {
    told().innerHTML = html;
    if (picture) URL.revokeObjectURL(picture);
    picture = URL.createObjectURL(file);
    const image = told().querySelector('figure img');
    if (image) image.src = picture;
  };
  const readHere = async (file) => {
    const turn = ++latest;
    zone().setAttribute('aria-busy', 'true');
    const html = await read(file);
    if (turn !== latest) return;
    zone().removeAttribute('aria-busy');
    show(html, file);
  };
  const readForPrompt = async (file) => {
    const turn = ++latest;
    const html = await read(file);
    if (turn !== latest) return;
    desk().innerHTML = html;
    const use = desk().querySelector('[data-act=use]');
    use?.click();
    desk().replaceChildren();
    if (use) return;
    document.querySelector('#reading-button')?.click();
    for (let waited = 0; !told() && waited < 5000; waited += 50) await new Promise((go) => setTimeout(go, 50));
    if (told()) show(html, file);
  };
  // Where a file may be let go: elsewhere the browser would leave the page to show it.
  const place = (event) => event.dataTransfer?.types.includes('Files') && event.target instanceof Element
    && (event.target.closest('#reading') ?? event.target.closest('#ask'));
  const hover = (where) => {
    for (const other of document.querySelectorAll('.dropping')) if (other !== where) other.classList.remove('dropping');
    where?.classList.add('dropping');
  };
  document.addEventListener('dragover', (event) => {
    const where = place(event);
    hover(where || null);
    if (where) event.preventDefault();
  });
  document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) hover(null); });
  document.addEventListener('drop', (event) => {
    const where = place(event);
    hover(null);
    if (!where) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) (where.id === 'ask' ? readForPrompt : readHere)(file);
  });
  document.addEventListener('change', (event) => {
    if (!(event.target instanceof Element) || !event.target.matches('#reading_zone input')) return;
    const [file] = event.target.files;
    event.target.value = '';  // so that the same file can be chosen again
    if (file) readHere(file);
  });
})();
