// What the page shows of the server, in development: the lanes, a crowd to fill them, and the mails that went out.

const element = (id) => document.getElementById(id);
const EVERY = 200; // Milliseconds between two looks: a login's derivation is about as long, and would else be missed.
const MAILS_EVERY = 5; // Looks: a mail takes longer, and a person longer still.
const LINKS = { verify: "Confirm the address", reset: "Set a new password" };

async function read(path, more) {
  try {
    const response = await fetch(path, more);
    return response.ok ? await response.json() : null;
  } catch {
    return null; // The server is away: what was shown stays, and the next look may find it back.
  }
}

function draw(threads, each) {
  element("lanes").replaceChildren(...Array.from({ length: threads }, () => {
    const thread = document.createElement("li");
    thread.append(...Array.from({ length: each }, () => document.createElement("span")));
    return thread;
  }));
  const who = threads === 1 ? "One thread, deriving" : `${threads} threads, each deriving`;
  const what = each === 1 ? "one password at a time" : `${each} passwords at once: one a lane`;
  element("idea").textContent = `${who} ${what}.`;
}

async function showLanes() {
  const now = await read("/server/lanes.json");
  if (!now) return;
  const { threads, lanes_each: each, lanes_busy: busy } = now;
  const drawn = element("lanes");
  if (drawn.children.length !== threads || drawn.firstElementChild.children.length !== each) draw(threads, each);
  // The server counts busy lanes and does not say where they are. An idle thread is woken before another is shared, so
  // they are shown in one lane of each thread, and then in the next of each.
  [...drawn.children].forEach((thread, index) => [...thread.children].forEach((lane, place) =>
    lane.classList.toggle("busy", place * threads + index < busy)));
  element("logins").textContent = now.logins_per_second.toFixed(1);
  element("busy").textContent = `${busy} of ${threads * each}`;
  element("queued").textContent = now.queued;
  element("kernel").textContent = now.kernel;
}

async function letCrowdIn(event) {
  const button = event.currentTarget;
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  element("crowd-said").textContent = "They are at the door …";
  const token = document.querySelector("#strip [name=csrfmiddlewaretoken]").value;
  const done = await read("/server/crowd", { method: "POST", headers: { "X-CSRFToken": token } });
  element("crowd-said").textContent = done
    ? `${done.let_in} have logged in, in ${done.seconds.toFixed(1)} seconds.`
    : "The server did not let them in. Reload the page, and try again.";
  button.removeAttribute("aria-disabled");
}

function text(tag, content, className = "") {
  return Object.assign(document.createElement(tag), { textContent: content, className });
}

// A link of this page's own may be followed from here, and has its purpose for a name; any other stays text.
function linked(part) {
  const kind = part.startsWith(`${location.origin}/#`) && new URL(part).hash.slice(1).split("=")[0];
  return kind in LINKS ? Object.assign(text("a", LINKS[kind]), { href: part, title: part }) : part;
}

function message({ to, subject, date, text: body }) {
  const mail = document.createElement("details");
  const summary = document.createElement("summary");
  const about = `to ${to}, ${new Date(date).toLocaleTimeString(undefined, { timeStyle: "short" })}`;
  summary.append(text("strong", subject), " ", text("span", about, "hint"));
  const content = text("div", "", "mail");
  content.append(...body.split(/(https?:\/\/\S+)/).map(linked));
  mail.append(summary, content);
  const item = document.createElement("li");
  item.append(mail);
  return item;
}

const shown = new Map(); // Mails that are on the page, by what they say.

async function showOutbox() {
  const found = await read("/server/outbox.json");
  if (!found) return;
  const keys = new Set(found.messages.map((mail) => JSON.stringify(mail)));
  for (const [key, item] of shown) {
    if (keys.has(key)) continue;
    item.remove();
    shown.delete(key);
  }
  const fresh = [...keys].filter((key) => !shown.has(key));
  if (fresh.length) {
    // The newest alone is open. Those that were there stay in place, and with them whoever reads one.
    const isRead = (mail) => mail.contains(document.activeElement);
    for (const mail of element("messages").querySelectorAll("details")) mail.open = mail.open && isRead(mail);
    for (const key of fresh) shown.set(key, message(JSON.parse(key)));
    element("messages").prepend(...fresh.map((key) => shown.get(key)));
    shown.get(fresh[0]).firstElementChild.open = true;
  }
  element("no-mails").hidden = keys.size > 0;
}

async function look(count) {
  if (!document.hidden) await Promise.all([showLanes(), count % MAILS_EVERY ? null : showOutbox()]);
  setTimeout(look, EVERY, count + 1);
}

export function watch() {
  if (!element("strip")) return; // Production has neither.
  element("crowd").addEventListener("click", letCrowdIn);
  look(0);
}
