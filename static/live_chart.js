// The browser's half of pages/components/live_chart.py: one plotly chart for each mounted component.

const library = new URL(new URL(import.meta.url).searchParams.get("plotly"), import.meta.url);
const charts = new WeakMap();
let plotly;

function loadPlotly() {
  plotly ??= import(library).then(
    () => window.Plotly,
    (error) => {
      plotly = undefined;
      throw error;
    },
  );
  return plotly;
}

// Streamlit calls this at each change of the data or the theme, and the function it returns at the end.
export function draw(component) {
  const element = component.parentElement.querySelector(".live-chart");
  let chart = charts.get(element);
  if (!chart) {
    chart = { element, drawing: false, dirty: false, mounts: 0, draws: 0 };
    charts.set(element, chart);
  }
  chart.component = component;
  chart.dirty = true;
  element.setAttribute("aria-label", component.data.label);
  element.style.minHeight = `${component.data.height}px`;
  update(chart);
  return () => remove(chart);
}

// Draws until nothing is left to draw: updates that come meanwhile are skipped but for the last.
async function update(chart) {
  if (chart.drawing) return;
  chart.drawing = true;
  try {
    const Plotly = await loadPlotly();
    while (chart.dirty && !chart.removed) {
      chart.dirty = false;
      const { figure, height } = chart.component.data;
      const layout = {
        ...figure.layout,
        template: template(chart.element),
        uirevision: figure.layout.uirevision ?? "kept",
        autosize: true,
        height,
      };
      await Plotly.react(chart.element, figure.data, layout, config);
      if (!chart.observer && !chart.removed) mount(chart, Plotly);
      chart.draws += 1;
      chart.element.dataset.draws = chart.draws;
    }
  } catch (error) {
    console.error(error);
    if (!chart.observer) chart.element.textContent = "The chart could not be loaded. Reload the page to try again.";
  } finally {
    chart.drawing = false;
  }
}

const config = { displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };

function mount(chart, Plotly) {
  const { element } = chart;
  chart.mounts += 1;
  element.dataset.mounts = chart.mounts;
  chart.observer = new ResizeObserver(() => {
    const width = element.clientWidth;
    if (width === 0 || width === chart.width) return;
    chart.width = width;
    Plotly.Plots.resize(element);
  });
  chart.observer.observe(element);
  element.on("plotly_click", ({ points: [point] }) => {
    if (!chart.component.data.clicks || !point) return;
    chart.component.setTriggerValue("clicked", {
      curve: point.curveNumber,
      point: point.pointIndex,
      name: point.data.name ?? null,
      x: point.x,
      y: point.y,
      customdata: point.customdata ?? null,
    });
  });
}

function remove(chart) {
  chart.removed = true;
  chart.observer?.disconnect();
  charts.delete(chart.element);
  if (chart.observer) window.Plotly.purge(chart.element);
}

// The colours and fonts of the page. A figure's own settings go before those of its template.
function template(element) {
  const style = getComputedStyle(element);
  const theme = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const text = theme("text-color");
  const background = theme("background-color");
  const faint = theme("border-color");
  const font = { family: theme("font"), color: text, size: 13 };
  const axis = {
    gridcolor: faint,
    linecolor: faint,
    zerolinecolor: faint,
    tickcolor: faint,
    automargin: true,
    title: { standoff: 10 },
  };
  return {
    layout: {
      font,
      colorway: theme("chart-categorical-colors").split(","),
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 8, r: 16, t: 32, b: 8 },
      title: { font: { size: 16, family: theme("heading-font") }, x: 0, xanchor: "left" },
      xaxis: { ...axis, showgrid: false, showline: true },
      yaxis: axis,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", title: { text: "" } },
      hovermode: "x unified",
      hoverlabel: { bgcolor: theme("secondary-background-color"), bordercolor: faint, font },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: theme("gray-color"), activecolor: theme("primary-color") },
      shapedefaults: { line: { color: theme("gray-color"), width: 1.5 } },
      annotationdefaults: { font: { color: text }, arrowcolor: theme("gray-color"), bgcolor: background },
    },
    data: { scatter: [{ marker: { line: { width: 0 } } }] },
  };
}
