// The browser's half of pages/components/widgets/live_slider.py: a range input over steps.
//
// A value is sent as soon as the one before was drawn, or after a moment without an answer: a drag
// never queues values, and the last one always arrives, marked as final.

const patience = 400; // milliseconds
const pace = 150; // milliseconds between two steps of a slider that plays
const played = 40; // steps at most
let serial = 0;

// Streamlit calls this at each change of the data.
export function draw(component) {
  const place = component.parentElement.querySelector(".live-slider");
  const { data } = component;
  const slider = (place.slider ??= build(place));
  slider.send = (moved) => component.setTriggerValue("moved", moved);
  slider.steps = place.steps = data.steps;
  place.dataset.slider = data.key;
  place.classList.toggle("slim", data.plays);
  const { input } = slider;
  input.max = data.steps.length - 1;
  slider.label.textContent = data.label;
  slider.label.title = data.help;
  slider.words.textContent = data.help;
  if (slider.sent === undefined) set(slider, data.at);
  else if (data.steps[data.at] === slider.sent) {
    if (!slider.wanted && !slider.held) set(slider, data.at); // the steps may be others than before
    answered(slider);
  } else if (slider.wanted === undefined && !slider.held) {
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
  const button = document.createElement("button");
  button.type = "button";
  place.append(button, row, input, words);
  const slider = { place, input, label, output, words, button };
  button.addEventListener("click", () => (slider.playing ? stop(slider) : play(slider)));
  stop(slider);
  input.addEventListener("pointerdown", () => {
    slider.held = true;
    stop(slider);
  });
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

// Goes through all steps, from the first one if it stands at the end; a long way in larger strides.
function play(slider) {
  const { input, steps, button } = slider;
  const end = steps.length - 1;
  const stride = Math.ceil(end / played);
  let at = Number(input.value) >= end ? 0 : Number(input.value);
  const next = () => {
    if (slider.waiting && at) return; // what was sent last is not drawn yet
    input.value = at;
    want(slider, at >= end);
    if (at >= end || !input.isConnected) stop(slider);
    at = Math.min(end, at + stride);
  };
  slider.playing = setInterval(next, pace);
  button.textContent = "❚❚";
  button.setAttribute("aria-label", "Pause");
}

function stop(slider) {
  if (slider.playing && slider.touched) want(slider, true);
  clearInterval(slider.playing);
  slider.playing = undefined;
  slider.button.textContent = "▶";
  slider.button.setAttribute("aria-label", "Play");
}

function show({ place, input, output, steps }) {
  const text = steps[Number(input.value)];
  output.textContent = text;
  input.setAttribute("aria-valuetext", text);
  place.dispatchEvent(new CustomEvent("slider-shown", { bubbles: true }));
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
