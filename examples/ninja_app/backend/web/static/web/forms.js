// Forms and buttons: one request at a time, and what went wrong said where it is.

import { inWords, missing, ofFields } from "./words.js";

const element = (id) => document.getElementById(id);

// The one line that says what has happened. It is always rendered, so that a screen reader hears what comes into it.
export function say(text) {
  element("notice").textContent = text;
  element("notice-close").hidden = !text;
}

element("notice-close").addEventListener("click", () => {
  say("");
  element("main").focus(); // The button is gone, and with it the place that Tab would go on from.
});

function mark(input, words) {
  input.setAttribute("aria-invalid", String(Boolean(words)));
  element(`${input.id}-error`).textContent = words; // The field's description, by its aria-describedby.
}

function fieldsOf(form) {
  return [...form.querySelectorAll("input[required]")];
}

// Runs what a button asks for, once at a time. The button is not `disabled` meanwhile: that would lose the focus.
export async function attempt(button, refuse, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  say("");
  try {
    await work();
  } catch (refused) {
    if (!("status" in refused)) throw refused; // A mistake of the page's own.
    refuse(refused);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

export function onClick(id, error, work) {
  element(id).addEventListener("click", () => {
    element(error).textContent = "";
    attempt(element(id), (refused) => { element(error).textContent = inWords(refused); }, work);
  });
}

export function clear(form) {
  form.reset();
  for (const input of fieldsOf(form)) mark(input, "");
  element(`${form.id}-error`).textContent = "";
}

export function onSubmit(id, work) {
  const form = element(id);
  const fields = fieldsOf(form);
  for (const input of fields) input.addEventListener("input", () => mark(input, ""));

  // Marks fields by name, goes to the first of them, and says whether there was one.
  const point = (wrong) => {
    const marked = fields.filter((input) => wrong.has(input.name));
    for (const input of marked) mark(input, wrong.get(input.name));
    marked[0]?.focus();
    return marked.length > 0;
  };
  const refuse = (refused) => {
    if (!point(new Map(ofFields(refused)))) element(`${id}-error`).textContent = inWords(refused);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const input of fields) mark(input, "");
    element(`${id}-error`).textContent = "";
    const empty = fields.filter((input) => !input.value);
    if (point(new Map(empty.map((input) => [input.name, missing])))) return;
    const body = Object.fromEntries(fields.map((input) => [input.name, input.value]));
    attempt(form.querySelector("button"), refuse, async () => {
      await work(body);
      clear(form);
    });
  });
}
