// The browser's half of pages/components/shell/bring_file.py: a file dropped anywhere on the page goes to its uploader.

const UPLOADER = ".st-key-dropped input[type=file]";
const OWN_PLACE = "[data-testid=stFileUploaderDropzone]";

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
