// The browser's half of the frame, on every page: files dropped anywhere, and addresses that a page completes.

const UPLOADER = ".st-key-dropped input[type=file]";
const OWN_PLACE = "[data-testid=stFileUploaderDropzone]";

// A page that opens puts into its address what it begins with, such as a listener. That is no new entry of the history,
// where Back would lead to the same page again. Streamlit may do so before it names the page, and leave an entry of the
// page before with this one's parameters: that entry becomes the one of the new page.
const soon = 2000; // milliseconds
let untouched = false; // whether nothing was pressed since a page was opened from another one
let last = { search: null, time: 0 }; // parameters that were changed last
for (const name of ["pointerdown", "keydown"]) {
  addEventListener(name, () => { untouched = false; }, { capture: true, passive: true });
}
const push = history.pushState.bind(history);
history.pushState = (state, unused, url) => {
  const next = new URL(url ?? location.href, location.href);
  const opens = next.pathname !== location.pathname;
  const early = opens && next.search === last.search && performance.now() - last.time < soon;
  const kept = [...new URLSearchParams(location.search)].every(([name, value]) => next.searchParams.get(name) === value);
  if (early || (!opens && untouched && kept)) history.replaceState(state, unused, url);
  else push(state, unused, url);
  if (opens) untouched = true;
  else last = { search: next.search, time: performance.now() };
};

// A file dropped anywhere on the page goes to its uploader: see pages/components/shell/bring_file.py.
// Streamlit calls this each time that the page is drawn; what it returns is called when it is left.
export function listen({ parentElement, data }) {
  const hint = parentElement.querySelector(".drop-anywhere");
  hint.textContent = data.hint;
  hint.stop?.();
  let inside = 0;
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const elsewhere = (event) => !event.target.closest?.(OWN_PLACE);
  const show = (visible) => hint.classList.toggle("over", visible);
  const handlers = {
    dragenter: (event) => {
      if (!brings(event)) return;
      inside += 1;
      show(true);
    },
    dragleave: (event) => {
      if (!brings(event)) return;
      inside = Math.max(0, inside - 1);
      show(inside > 0);
    },
    dragover: (event) => {
      if (brings(event) && elsewhere(event)) event.preventDefault();
    },
    drop: (event) => {
      inside = 0;
      show(false);
      const input = document.querySelector(UPLOADER);
      if (!brings(event) || !elsewhere(event) || !input || !event.dataTransfer.files.length) return;
      event.preventDefault();
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    },
  };
  for (const [name, handler] of Object.entries(handlers)) document.addEventListener(name, handler);
  hint.stop = () => {
    for (const [name, handler] of Object.entries(handlers)) document.removeEventListener(name, handler);
  };
  return hint.stop;
}
