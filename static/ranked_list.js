// The browser's half of pages/components/widgets/ranked_list.py: rows that slide to their new places.

// Streamlit calls this at each change of the data. Names are only ever set as text.
export function draw(component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".ranked-list");
  const list = root.querySelector("ol");
  list.setAttribute("aria-label", data.label);
  root.querySelector("p").textContent = data.gone;
  root.dataset.draws = Number(root.dataset.draws ?? 0) + 1;
  const old = new Map([...list.children].map((row) => [row.dataset.item, row]));
  const tops = new Map([...old].map(([item, row]) => [item, row.getBoundingClientRect().top]));
  list.replaceChildren(
    ...data.rows.map((row, at) => fill(old.get(row.item) ?? build(), row, at + 1, setTriggerValue)),
  );
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || !tops.size) return;
  for (const row of list.children) {
    const from = tops.get(row.dataset.item);
    const moved = from === undefined ? 0 : from - row.getBoundingClientRect().top;
    if (from === undefined) row.animate([{ opacity: 0 }, { opacity: 1 }], 150);
    else if (moved) row.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], 150);
  }
}

function build() {
  const row = document.createElement("li");
  const link = document.createElement("a");
  Object.assign(link, { target: "_blank", rel: "noopener noreferrer", textContent: "♫" });
  row.append(
    document.createElement("span"),
    document.createElement("button"),
    document.createElement("b"),
    link,
    document.createElement("i"),
  );
  return row;
}

function fill(row, { name, item, bar, score, hit, mark, listen }, place, setTriggerValue) {
  const [rank, button, badge, link, line] = row.children;
  row.dataset.item = item;
  rank.textContent = place;
  button.textContent = name;
  button.title = `${name}, score ${score}`;
  button.onclick = () => setTriggerValue("open", item);
  badge.textContent = [hit ? "✓ hit" : "", mark].filter(Boolean).join(" · ");
  badge.className = hit ? "hit" : mark === "new" ? "new" : "";
  link.href = listen;
  link.hidden = !listen;
  link.title = `Listen to ${name}`;
  link.setAttribute("aria-label", `Listen to ${name}`);
  line.style.width = `${100 * bar}%`;
  return row;
}
