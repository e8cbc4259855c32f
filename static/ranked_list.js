// The browser's half of pages/components/widgets/ranked_list.py: rows that slide to their new places.

// Streamlit calls this at each change of the data. Names are only ever set as text.
export function draw(component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".ranked-list");
  const list = root.querySelector("ol");
  list.setAttribute("aria-label", data.label);
  root.querySelector("p").textContent = data.gone;
  root.classList.toggle("long", data.long);
  root.dataset.draws = Number(root.dataset.draws ?? 0) + 1;
  const old = new Map([...list.children].map((row) => [row.dataset.item, row]));
  const tops = new Map([...old].map(([item, row]) => [item, row.getBoundingClientRect().top]));
  list.replaceChildren(
    ...data.rows.map((row, at) => fill(old.get(row.item) ?? build(), row, at + 1, data.tall, setTriggerValue)),
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
  const middle = document.createElement("div");
  middle.append(document.createElement("button"), document.createElement("small"));
  const value = document.createElement("span");
  value.className = "value";
  row.append(
    document.createElement("span"),
    middle,
    document.createElement("b"),
    value,
    link,
    document.createElement("i"),
  );
  return row;
}

function fill(row, entry, place, tall, setTriggerValue) {
  const { name, item, bar, score, hit, mark, listen, reasons, value, note } = entry;
  const [rank, middle, badge, amount, link, line] = row.children;
  const [button, more] = middle.children;
  row.dataset.item = item;
  row.className = tall ? "tall" : "";
  rank.textContent = place;
  button.textContent = name;
  button.title = value ? name : `${name}, score ${score}`;
  button.onclick = () => setTriggerValue("open", item);
  more.replaceChildren(
    ...reasons.map((reason) => {
      const chip = document.createElement("button");
      Object.assign(chip, { textContent: reason, title: `Because of ${reason}: show all of the score` });
      chip.onclick = () => setTriggerValue("why", item);
      return chip;
    }),
  );
  if (note) more.append(Object.assign(document.createElement("span"), { textContent: note }));
  badge.textContent = [hit ? "✓ hit" : "", mark].filter(Boolean).join(" · ");
  badge.className = hit ? "hit" : mark === "new" ? "new" : "";
  amount.textContent = value;
  amount.hidden = !value;
  link.href = listen;
  link.hidden = !listen;
  link.title = `Listen to ${name}`;
  link.setAttribute("aria-label", `Listen to ${name}`);
  line.style.width = `${100 * bar}%`;
  return row;
}
