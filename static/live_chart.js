// The browser's half of pages/components/widgets/live_chart.py: one plotly chart for each key.
//
// Streamlit may take a component off the page and put it back when elements above it come and go. The
// chart is therefore an element of its own, which moves from the old place to the new one as it is.

const library = new URL(new URL(import.meta.url).searchParams.get("plotly"), import.meta.url);
const charts = new Map();
const patience = 5000; // milliseconds that a chart without a place waits for a new one
// No button may send the data elsewhere.
const config = {
  displaylogo: false,
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
};
const still = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 640px)");
let plotly;
let pointer; // where the mouse is, so that a label under it outlives an update and a change of place
document.addEventListener("pointermove", (event) => {
  pointer = event.pointerType === "mouse" ? event : undefined;
}, { passive: true });
document.addEventListener("pointerleave", () => { pointer = undefined; });

// Resolves to null where plotly.js cannot be had.
function loadPlotly() {
  plotly ??= import(library).then(
    () => window.Plotly,
    (error) => {
      console.error(error);
      return null;
    },
  );
  return plotly;
}

// Streamlit calls this at each change of the data or the theme, and the function it returns at the end.
export function draw(component) {
  const { key, label } = component.data;
  const place = component.parentElement.querySelector(".live-chart");
  let chart = charts.get(key);
  if (!chart) {
    const element = document.createElement("div");
    element.className = "live-chart-plot";
    element.setAttribute("role", "figure");
    chart = { key, element, places: new Map(), turn: 0, draws: 0 };
    charts.set(key, chart);
  }
  if (!chart.places.has(place)) {
    clearTimeout(chart.end);
    place.append(chart.element);
  }
  const turn = (chart.turn += 1);
  chart.places.set(place, turn);
  chart.component = component;
  chart.dirty = true;
  chart.element.setAttribute("aria-label", label);
  place.style.minHeight = `${heightOf(component.data)}px`;
  update(chart);
  return () => leave(chart, place, turn);
}

// Streamlit calls this as well for a turn that was overtaken by the next one in the same place.
function leave(chart, place, turn) {
  if (chart.places.get(place) !== turn) return;
  chart.places.delete(place);
  const [other] = chart.places.keys();
  if (!other) chart.end = setTimeout(remove, patience, chart);
  else if (place.contains(chart.element)) other.append(chart.element);
}

function remove(chart) {
  chart.removed = true;
  charts.delete(chart.key);
  chart.observer?.disconnect();
  chart.element.remove();
  if (!chart.drawing) window.Plotly?.purge(chart.element);
}

// Draws until nothing is left to draw: updates that come meanwhile are skipped but for the last.
async function update(chart) {
  if (chart.drawing) return;
  chart.drawing = true;
  const { element } = chart;
  try {
    const Plotly = await loadPlotly();
    if (!Plotly) {
      element.textContent = "The chart could not be loaded. Reload the page to try again.";
      return;
    }
    // What has no place has no size: it is drawn when it has one again.
    while (chart.dirty && !chart.removed && element.isConnected) {
      chart.dirty = false;
      const height = heightOf(chart.component.data);
      element.parentElement.style.minHeight = `${height}px`; // lower once the page gets narrow
      // plotly.js writes into what it is given, and a change of theme brings the same figure again.
      const { data, layout } = structuredClone(chart.component.data.figure);
      paint(element, data);
      if (still.matches) delete layout.transition;
      if (chart.component.data.thin && narrow.matches) shrink(layout);
      const kept = { uirevision: "kept", ...layout, template: template(element), autosize: true, height };
      await Plotly.react(element, data, kept, { ...config, scrollZoom: chart.component.data.wheel });
      if (!chart.observer) follow(chart);
      placeHandle(chart);
      thinNames(chart);
      chart.draws += 1;
      element.dataset.draws = chart.draws;
      hoverAgain(element);
    }
  } catch (error) {
    if (!chart.removed) console.error(error);
  } finally {
    chart.drawing = false;
    if (chart.removed) window.Plotly?.purge(element);
  }
}

// Shows the label of the point under a mouse that stands still, of which the browser tells nothing.
function hoverAgain(element) {
  if (!pointer) return;
  const { clientX, clientY } = pointer;
  const under = document.elementFromPoint(clientX, clientY);
  if (!element.contains(under)) return; // also while a drag has a cover of its own over the page
  under.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true, view: window }));
}

// Gives a map the first screen of a phone: its legend goes below it, its names are smaller.
function shrink(layout) {
  layout.legend = { ...layout.legend, y: 0, yanchor: "top" };
  for (const note of layout.annotations ?? []) note.font = { ...note.font, size: (note.font?.size ?? 13) * 0.85 };
}

function heightOf({ height, narrowHeight }) {
  return narrow.matches ? Math.min(height, narrowHeight ?? height) : height;
}

// Gives a trace that names a place among the chart colours of the theme that colour, whatever else is drawn.
function paint(element, data) {
  const colours = getComputedStyle(element).getPropertyValue("--st-chart-categorical-colors").split(",");
  for (const trace of data) {
    const colour = colours[trace.meta?.colour]?.trim();
    if (!colour) continue;
    trace.line = { ...trace.line, color: colour };
    trace.marker = { ...trace.marker, color: colour };
    if (trace.fill) trace.fillcolor = `${colour}33`; // 20 % of it
  }
}

// Once for each chart: its width follows the page, its clicks go to Python.
function follow(chart) {
  const { element } = chart;
  chart.observer = new ResizeObserver(() => {
    const width = element.clientWidth;
    if (width === 0 || width === chart.width) return;
    chart.width = width;
    chart.dirty = true; // in turn with the other updates: plotly.js does not stand two at once
    update(chart);
  });
  chart.observer.observe(element);
  element.on("plotly_relayout", () => placeHandle(chart));
  element.on("plotly_afterplot", () => thinNames(chart));
  const shown = ({ target }) => {
    if (chart.removed) document.removeEventListener("slider-shown", shown);
    else if (target === sliderOf(chart)) placeHandle(chart); // it may be on the page later than the chart
  };
  document.addEventListener("slider-shown", shown);
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

// Hides names in a map that would touch one before them, or be cut off: how many fit depends on the width and the zoom.
function thinNames({ element, component }) {
  if (!component.data.thin) return;
  const whole = element.getBoundingClientRect();
  const kept = [];
  for (const note of element.querySelectorAll("g.annotation")) {
    const box = note.querySelector(".annotation-text-g")?.getBoundingClientRect();
    if (!box?.width) continue;
    const apart = kept.every(
      (other) =>
        box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom,
    );
    const fits = apart && box.left >= whole.left && box.right <= whole.right;
    note.style.visibility = fits ? "" : "hidden";
    if (fits) kept.push(box);
  }
}

// A line that can be dragged along x: another handle of the live slider that the chart names, whose input it moves.
function placeHandle(chart) {
  const { element } = chart;
  const place = sliderOf(chart);
  const { xaxis, _size: size } = element._fullLayout ?? {};
  const at = place && xaxis ? xaxis.l2p(Number(place.steps[Number(place.querySelector("input").value)])) : NaN;
  if (!chart.handle && Number.isFinite(at)) addHandle(chart);
  if (!chart.handle) return;
  chart.handle.hidden = !(at >= -1 && at <= xaxis._length + 1);
  Object.assign(chart.handle.style, {
    left: `${xaxis._offset + at}px`,
    top: `${size.t}px`,
    height: `${size.h}px`,
  });
}

function sliderOf({ component }) {
  const { slider } = component.data;
  const found = slider && document.querySelector(`.live-slider[data-slider="${CSS.escape(slider)}"]`);
  return found?.steps?.length > 1 ? found : null;
}

function addHandle(chart) {
  const handle = (chart.handle = document.createElement("div"));
  handle.className = "live-chart-handle";
  handle.setAttribute("aria-hidden", "true"); // the slider is for the keyboard and for readers
  chart.element.append(handle);
  let held = false;
  const tell = (event) => sliderOf(chart)?.querySelector("input").dispatchEvent(event);
  handle.addEventListener("pointerdown", (event) => {
    held = true;
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    tell(new PointerEvent("pointerdown"));
  });
  handle.addEventListener("pointermove", (event) => {
    const place = held && sliderOf(chart);
    if (!place) return;
    const { xaxis } = chart.element._fullLayout;
    const x = xaxis.p2l(event.clientX - chart.element.getBoundingClientRect().left - xaxis._offset);
    const distances = place.steps.map((step) => Math.abs(step - x));
    const input = place.querySelector("input");
    const nearest = distances.indexOf(Math.min(...distances));
    if (nearest === Number(input.value)) return;
    input.value = nearest;
    tell(new Event("input", { bubbles: true }));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    handle.addEventListener(name, () => {
      if (held) tell(new PointerEvent("pointerup"));
      held = false;
    });
  }
}

// The colours and fonts of the page. A figure's own settings go before those of its template.
function template(element) {
  const style = getComputedStyle(element);
  const theme = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const text = theme("text-color");
  const background = theme("background-color");
  const faint = theme("border-color");
  const gray = theme("gray-color");
  const font = { family: theme("font"), color: text, size: 13 };
  const axis = {
    gridcolor: faint,
    linecolor: faint,
    zerolinecolor: faint,
    tickcolor: faint,
    automargin: true,
    spikecolor: gray,
    spikethickness: 1,
    title: { standoff: 10 },
  };
  return {
    layout: {
      font,
      colorway: theme("chart-categorical-colors").split(","),
      paper_bgcolor: background,
      plot_bgcolor: background,
      margin: { l: 8, r: 16, t: 32, b: 8 },
      title: { font: { size: 16, family: theme("heading-font") }, x: 0, xanchor: "left" },
      xaxis: { ...axis, showgrid: false, showline: true },
      yaxis: axis,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      hovermode: "x unified",
      hoverlabel: { bgcolor: theme("secondary-background-color"), bordercolor: faint, font },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: gray, activecolor: theme("primary-color") },
      shapedefaults: { line: { color: gray, width: 1.5 } },
      annotationdefaults: { font: { color: text }, arrowcolor: gray },
    },
    data: { scatter: [{ marker: { line: { width: 0 } } }] },
  };
}
