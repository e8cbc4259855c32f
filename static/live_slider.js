// The browser's half of pages/components/widgets/live_slider.py: a range input over steps.
//
// A value is sent as soon as the one before was drawn, or after a moment without an answer: a drag
// never queues values, and the last one always arrives, marked as final.

const patience = 400; // milliseconds
let serial = 0;

// Streamlit calls this at each change of the data.
export function draw(component) {
  const place = component.parentElement.querySelector(".live-slider");
  const { data } = component;
  const slider = (place.slider ??= build(place));
  slider.send = (moved) => component.setTriggerValue("moved", moved);
  slider.steps = data.steps;
  const { input } = slider;
  input.max = data.steps.length - 1;
  slider.label.textContent = data.label;
  slider.label.title = data.help;
  slider.words.textContent = data.help;
  if (slider.sent === undefined) set(slider, data.at);
  else if (data.steps[data.at] === slider.sent) answered(slider);
  else if (slider.wanted === undefined && !slider.held) {
    slider.sent = undefined; // changed elsewhere
    set(slider, data.at);
  }
}

function build(place) {
  const id = `live-slider-${(serial += 1)}`;
  const row = document.createElement("div");
  row.className = "live-slider-words";
  const label = document.createElement("label");
  label.htmlFor = id;
  const output = document.createElement("output");
  output.htmlFor = id;
  row.append(label, output);
  const words = document.createElement("span");
  words.id = `${id}-help`;
  words.hidden = true;
  const input = document.createElement("input");
  Object.assign(input, { type: "range", id, min: 0, step: 1 });
  input.setAttribute("aria-describedby", words.id);
  place.append(row, input, words);
  const slider = { input, label, output, words };
  input.addEventListener("pointerdown", () => { slider.held = true; });
  input.addEventListener("input", () => want(slider, !slider.held));
  for (const event of ["pointerup", "pointercancel", "change"]) {
    input.addEventListener(event, () => {
      if (event !== "change") slider.held = false;
      if (!slider.held && slider.touched) want(slider, true);
    });
  }
  return slider;
}

function set(slider, at) {
  slider.input.value = at;
  show(slider);
}

function show({ input, output, steps }) {
  const text = steps[Number(input.value)];
  output.textContent = text;
  input.setAttribute("aria-valuetext", text);
}

// Notes what is wanted now, and sends it unless another value is under way.
function want(slider, final) {
  show(slider);
  slider.wanted = { value: slider.steps[Number(slider.input.value)], final };
  slider.touched = !final;
  if (!slider.waiting) send(slider);
}

function send(slider) {
  const { wanted } = slider;
  slider.wanted = undefined;
  slider.sent = wanted.value;
  clearTimeout(slider.waiting);
  slider.waiting = setTimeout(answered, patience, slider);
  slider.send(wanted);
}

function answered(slider) {
  clearTimeout(slider.waiting);
  slider.waiting = undefined;
  if (slider.wanted) send(slider);
}
