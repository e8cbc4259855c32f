// The browser's half of pages/components/widgets/picture.py: saves a chart of the page as it is, with title and source.

const library = new URL(new URL(import.meta.url).searchParams.get("plotly"), import.meta.url);
const head = 64; // pixels for title and source above the chart

// Streamlit calls this at each change of the data.
export function draw(component) {
  for (const button of component.parentElement.querySelectorAll(".save-picture button")) {
    button.onclick = () => save(component.data, button);
  }
}

async function save({ chart, title, source, name }, button) {
  const plot = document.querySelector(`.st-key-${CSS.escape(chart)} .js-plotly-plot`);
  if (!plot) return;
  button.disabled = true;
  try {
    await import(library);
    const { width, height } = plot.getBoundingClientRect();
    const paper = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
    const layout = { ...plot.layout, width, height: height + head, paper_bgcolor: paper };
    const ink = getComputedStyle(plot).color;
    layout.title = {
      text: title,
      subtitle: { text: source, font: { size: 12, color: ink } },
      font: { size: 16, color: ink },
      x: 0.01,
      xanchor: "left",
      y: 1 - 16 / layout.height,
      yref: "container",
      yanchor: "top",
      automargin: false,
    };
    layout.margin = { ...layout.margin, t: (layout.margin?.t ?? 0) + head };
    const scale = button.value === "png" ? 2 : 1;
    const picture = await window.Plotly.toImage({ data: plot.data, layout }, { format: button.value, width, height: layout.height, scale });
    const link = document.createElement("a");
    link.href = picture;
    link.download = `${name}.${button.value}`;
    link.click();
  } finally {
    button.disabled = false;
  }
}
